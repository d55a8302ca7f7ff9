"""Who reaches whom: every pair of teams, access levels, positions, rules and roles."""

from __future__ import annotations

import uuid
from itertools import product

import pytest

from companions.access import ALL, NONE, Party, Right, Rule, Structure, edge
from companions.models import Companion
from companions.network import network, rights_of
from companions.services.companions import create_companion, pause_companion, remove_companion
from companions.services.rules import drop_rule, set_rule
from humana.kernel.errors import Invalid, NotAllowed, NotFound
from tenants.models import Membership, Position, Team
from tenants.permissions import BUILT_IN_ROLES
from tests.companions.conftest import Bakery

COMPANY, BREAD, OVEN, CAKE, SHOP, LONE = (uuid.UUID(int=n) for n in range(1, 7))
#: The company has two departments; the oven and the cakes belong to bread, and one team is by itself.
TEAMS = Structure(
    {COMPANY: None, BREAD: COMPANY, OVEN: BREAD, CAKE: BREAD, SHOP: COMPANY, LONE: None},
    frozenset({BREAD, SHOP}),
)
WHERE = [None, COMPANY, BREAD, OVEN, CAKE, SHOP, LONE]
LEVELS = [None, 0, 1]
A, B = uuid.UUID(int=101), uuid.UUID(int=102)
BELOW = {BREAD: {BREAD, OVEN, CAKE}, COMPANY: {COMPANY, BREAD, OVEN, CAKE, SHOP}}
DEPARTMENT = {COMPANY: COMPANY, BREAD: BREAD, OVEN: BREAD, CAKE: BREAD, SHOP: SHOP, LONE: LONE}


def reached(access: str, mine: uuid.UUID | None, theirs: uuid.UUID | None) -> bool:
    """Said anew, by sets, so that the code does not judge itself."""
    if access == "department":
        return mine is not None and theirs is not None and DEPARTMENT[mine] == DEPARTMENT[theirs]
    if access == "team":
        return theirs is not None and mine in BELOW.get(theirs, {theirs})
    return access == "public"


def test_the_whole_matrix() -> None:
    cells = list(product(Companion.Access.values, WHERE, WHERE, LEVELS, LEVELS))
    for access, mine, theirs, my_level, their_level in cells:
        sender = Party(A, mine, my_level, "public")
        found = edge(sender, Party(B, theirs, their_level, access), TEAMS)
        expected = ALL if reached(access, mine, theirs) else NONE
        if my_level == 1 and their_level == 0:
            expected -= {Right.HAND_OFF}
        assert found.rights == expected, (access, mine, theirs, my_level, their_level)
        assert set(found.why) == ALL
    assert len(cells) == 4 * 7 * 7 * 3 * 3


@pytest.mark.parametrize("role", BUILT_IN_ROLES)
def test_nothing_is_wider_than_what_the_acting_member_may(bakery: Bakery, role: str) -> None:
    own = rights_of(bakery.person(role))
    assert own == (ALL if role in {"owner", "admin", "manager", "member"} else NONE)
    for access, mine, theirs in product(Companion.Access.values, WHERE, WHERE):
        free = edge(Party(A, mine), Party(B, theirs, access=access), TEAMS)
        assert free.within(own, "not_yours").rights == (free.rights if own else NONE)
    person = bakery.person(role)
    person.state = Membership.State.SUSPENDED
    assert rights_of(person) == NONE
    assert rights_of(None) == NONE


@pytest.mark.parametrize("access", Companion.Access.values)
def test_a_denial_goes_before_what_is_allowed_and_that_before_what_is_computed(access: str) -> None:
    for mine, theirs in product(WHERE, WHERE):
        sender, recipient = Party(A, mine), Party(B, theirs, access=access)
        computed = edge(sender, recipient, TEAMS)
        aims = [B, *TEAMS.line(theirs)]
        for aim in aims:
            allow, deny = Rule(A, aim, True), Rule(A, aim, False)
            assert edge(sender, recipient, TEAMS, [allow]).rights == ALL
            assert edge(sender, recipient, TEAMS, [deny]).rights == NONE
            assert edge(sender, recipient, TEAMS, [allow, deny]).rights == NONE
            partly = edge(sender, recipient, TEAMS, [Rule(A, aim, False, frozenset({Right.ASK}))])
            assert partly.rights == computed.rights - {Right.ASK}
            assert partly.reason(Right.ASK) == "denied"
        others = [Rule(B, B, False), Rule(A, uuid.uuid4(), False), Rule(uuid.uuid4(), B, True)]
        others += [Rule(A, team, True) for team in WHERE if team is not None and team not in aims]
        assert edge(sender, recipient, TEAMS, others).rights == computed.rights, "rules of other pairs"


def test_nobody_reaches_itself_nor_who_is_paused_whatever_a_rule_says() -> None:
    rules = [Rule(A, A, True), Rule(A, B, True)]
    assert edge(Party(A), Party(A), TEAMS, rules).rights == NONE
    assert edge(Party(A), Party(B, works=False), TEAMS, rules).reason(Right.ASK) == "paused"
    assert edge(Party(A, works=False), Party(B), TEAMS, rules).rights == NONE


def test_teams_in_a_circle_and_teams_that_are_gone_end_the_climb() -> None:
    circle = Structure({OVEN: CAKE, CAKE: OVEN})
    assert edge(Party(A, OVEN), Party(B, CAKE, access="team"), circle).rights == ALL
    assert edge(Party(A, SHOP), Party(B, SHOP, access="team"), circle).rights == NONE
    assert edge(Party(A), Party(B, access="department"), circle).reason(Right.ASK) == "other_department"


def test_the_network_is_read_from_rows_and_follows_every_change(bakery: Bakery) -> None:
    def companion(name: str, **extras: object) -> Companion:
        made = create_companion(name=name, purpose="Bakes", base_prompt="Bake.", language="en")
        Companion.objects.filter(id=made.id).update(**extras)
        return made

    owner, member = bakery.person("owner"), bakery.person("member")
    bread = Team.objects.create(organization=bakery.organization, name="Bread", is_department=True)
    oven = Team.objects.create(organization=bakery.organization, name="Oven", parent=bread)
    chief = Position.objects.create(organization=bakery.organization, title="Chief", level=0)
    helper = Position.objects.create(organization=bakery.organization, title="Helper", level=3)
    ana = companion("Ana", team_id=oven.id, position_id=helper.id)
    boss = companion("Boss", team_id=bread.id, position_id=chief.id, access="department")
    shut = companion("Shut", access="restricted")

    def rights(one: Companion, other: Companion) -> frozenset[Right]:
        return network(senders=[one.id], recipients=[other.id]).edge(one.id, other.id).rights

    assert rights(ana, boss) == {Right.SHARE, Right.ASK}
    assert rights(boss, ana) == ALL
    assert rights(ana, shut) == NONE
    rule = set_rule(member=owner, source_id=ana.id, target_id=shut.id, allow=True, rights=["ask"])
    assert rights(ana, shut) == {Right.ASK}
    assert rights(boss, shut) == NONE
    again = set_rule(member=owner, source_id=ana.id, target_id=shut.id, allow=True)
    assert (again.id, again.version, rights(ana, shut)) == (rule.id, 2, ALL)
    set_rule(member=owner, source_id=ana.id, team_id=bread.id, allow=False)
    assert rights(ana, boss) == NONE
    drop_rule(member=owner, rule=again)
    assert rights(ana, shut) == NONE
    everything = network(senders=[boss.id])
    assert everything.edge(boss.id, ana.id).rights == ALL
    assert everything.edge(boss.id, uuid.uuid4()).reason(Right.ASK) == "gone"
    pause_companion(companion=ana)
    assert rights(boss, ana) == NONE
    remove_companion(companion=ana)
    assert network(senders=[boss.id]).edge(boss.id, ana.id).reason(Right.SHARE) == "gone"
    with pytest.raises(NotAllowed):
        set_rule(member=member, source_id=boss.id, target_id=shut.id, allow=True)
    with pytest.raises(NotFound):
        set_rule(member=owner, source_id=boss.id, target_id=ana.id, allow=True)
    for wrong in ({}, {"target_id": boss.id}, {"team_id": uuid.uuid4()}):
        with pytest.raises(Invalid):
            set_rule(member=owner, source_id=boss.id, allow=True, **wrong)
    with pytest.raises(Invalid):
        set_rule(member=owner, source_id=boss.id, target_id=shut.id, allow=True, rights=["own"])
