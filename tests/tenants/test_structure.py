"""Teams and positions are made, moved and removed; nothing goes round, and nobody is left hanging."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator

import pytest
from django.db import connection, transaction

from audit.models import Budget
from companions.config_keys import TEMPERATURE
from companions.models import Companion, CompanionAccess, KnowledgeAsset, Policy
from companions.network import network
from companions.queries import inheritance
from companions.services.companions import create_companion, remove_companion, restore_companion
from companions.services.policies import publish_policy
from companions.services.rules import set_rule
from documents.services import files
from documents.services.folders import create_folder
from documents.services.sharing import Party, share
from humana.kernel.errors import Conflict, HumanaError, Invalid, NotAllowed, NotFound, StaleVersion
from tenants import structure
from tenants.config.resolver import Subject, resolve
from tenants.context import use_tenant
from tenants.models import ConfigValue, ControlEvent, Membership, Position, Team
from tenants.services.config import of_organization, of_team, set_value
from tenants.services.members import place_member
from tenants.services.positions import create_position, dissolve_position, edit_position, remove_position
from tenants.services.structuring import version_of
from tenants.services.teams import create_team, dissolve_team, edit_team, goes_with, remove_team
from tenants.structure import below, circle, depth, in_order
from tests.fixtures.organizations import World, build_world
from tests.tenants.test_organizations import wait_for_somebody_waiting

pytestmark = pytest.mark.django_db
A, B, C, D = (uuid.UUID(int=number) for number in range(1, 5))


@pytest.fixture
def here(left: World) -> Iterator[World]:
    with use_tenant(left.context):
        yield left


def told(world: World, action: str) -> dict[str, object]:
    """What the trail will be told of the last one."""
    rows = ControlEvent.objects.filter(organization=world.organization, action=action)
    payload: dict[str, object] = rows.latest("created_at").payload
    return payload


def companion(name: str, **extras: object) -> Companion:
    made = create_companion(name=name, purpose="Bakes", base_prompt="Bake.", language="en")
    Companion.objects.filter(id=made.id).update(**extras)
    return Companion.objects.get(id=made.id)


def test_a_tree_without_rows() -> None:
    parents = {A: None, B: A, C: B, D: A}
    assert circle(parents, A, C) == (A, C, B, A)
    assert circle(parents, A, A) == (A, A)
    assert (circle(parents, C, D), circle(parents, D, None)) == ((), ())
    assert below(parents, B) == {B, C}
    assert (depth(parents, B, D), depth(parents, B, None), depth(parents, D, C)) == (4, 2, 4)
    round_ = {A: B, B: A, C: None}
    assert (below(round_, A), depth(round_, C, A)) == ({A, B}, 3), "what is a circle already ends"
    rows = [Team(id=one, parent_id=parents[one], name=str(one.int)) for one in (B, A, D, C)]
    assert [(one.row.id, one.depth) for one in in_order(rows, "parent_id")] == [
        (A, 0),
        (B, 1),
        (C, 2),
        (D, 1),
    ]
    lost = [Team(id=A, parent_id=B), Team(id=B, parent_id=A), Team(id=C, parent_id=D)]
    assert {one.row.id for one in in_order(lost, "parent_id")} == {A, B, C}, "nobody is left out"


def test_a_team_is_made_renamed_and_moved_with_all_below_it(here: World) -> None:
    house = create_team(member=here.owner, name="  House ", is_department=True)
    bread = create_team(member=here.owner, name="Bread", parent_id=house.id)
    oven = create_team(member=here.owner, name="Oven", parent_id=bread.id)
    assert told(here, "team.created")["part_of"] == str(bread.id)
    first = version_of(bread)
    edit_team(member=here.owner, team=bread, version=first, name="Breads", parent_id=None)
    assert told(here, "team.changed")["changed"] == ["name", "parent_id"]
    assert (Team.objects.get(id=bread.id).parent_id, Team.objects.get(id=oven.id).parent_id) == (
        None,
        bread.id,
    )
    with pytest.raises(StaleVersion):
        edit_team(member=here.owner, team=bread, version=first, name="Mine")
    with pytest.raises(StaleVersion):
        remove_team(member=here.owner, team=bread, version=first)
    before = ControlEvent.objects.count()
    assert version_of(edit_team(team=bread, name="Breads")) == version_of(Team.objects.get(id=bread.id))
    assert ControlEvent.objects.count() == before, "nothing changed, nothing is told"


def test_what_goes_round_is_too_deep_too_many_or_called_alike_is_refused(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenants.services.structuring.DEEPEST", 3)
    house = create_team(name="House")
    bread = create_team(name="Bread", parent_id=house.id)
    oven = create_team(name="Oven", parent_id=bread.id)
    cakes = create_team(name="Cakes")
    create_team(name="Icing", parent_id=cakes.id)
    with pytest.raises(Invalid, match="House › Oven › Bread › House") as refused:
        edit_team(team=house, parent_id=oven.id)
    assert (refused.value.field, refused.value.code) == ("parent_id", "circle")
    for attempt in (
        lambda: create_team(name="Deeper", parent_id=oven.id),
        lambda: edit_team(team=cakes, parent_id=bread.id),
    ):
        with pytest.raises(Invalid, match="At most 3"):
            attempt()
    for name in ("House", "HOUSE", " house "):
        with pytest.raises(Conflict, match="another one of this name"):
            create_team(name=name)
    assert edit_team(team=house, name="HOUSE").name == "HOUSE", "one's own name may be spelled anew"
    for wrong in ("", "\x00", "x" * 81):
        with pytest.raises(Invalid):
            create_team(name=wrong)
    monkeypatch.setattr("tenants.services.structuring.MOST", Team.objects.count())
    with pytest.raises(Conflict, match="at most"):
        create_team(name="One more")


def test_a_position_stands_below_what_it_reports_to(here: World) -> None:
    chief = create_position(member=here.owner, title="Chief")
    baker = create_position(member=here.owner, title="Baker", reports_to_id=chief.id)
    helper = create_position(title="Helper", reports_to_id=baker.id, level=5)
    assert (chief.level, baker.level) == (0, 1)
    with pytest.raises(Invalid, match="Chief › Helper › Baker › Chief"):
        edit_position(position=chief, reports_to_id=helper.id)
    with pytest.raises(Invalid, match="Whoever reports to “Chief”, which is level 0, has a level from 1 on"):
        edit_position(position=baker, level=0)
    with pytest.raises(Invalid, match="no longer stand below it: Helper"):
        edit_position(position=baker, level=5)
    for level in (-1, 100):
        with pytest.raises(Invalid, match="from 0, the top, to 99"):
            edit_position(position=chief, level=level)
    with pytest.raises(Conflict):
        create_position(title="baker")
    moved = edit_position(member=here.owner, position=helper, reports_to_id=chief.id, level=1)
    assert (moved.reports_to_id, moved.level) == (chief.id, 1)
    with pytest.raises(Conflict, match="positions that report to it: Baker, Helper"):
        remove_position(member=here.owner, position=chief)
    with pytest.raises(Invalid, match="neither this one nor one that reports to it"):
        dissolve_position(position=chief, move_to=baker.id)
    low = create_position(title="Trainee", level=3)
    with pytest.raises(Invalid, match="“Baker” does not stand below “Trainee”"):
        dissolve_position(position=chief, move_to=low.id)
    dissolve_position(member=here.owner, position=chief, move_to=None)
    assert Position.objects.get(id=baker.id).reports_to is None
    assert not Position.objects.filter(id=chief.id).exists()


def test_a_team_goes_when_all_that_stands_on_it_has_a_place(here: World) -> None:
    old, new = create_team(name="Old"), create_team(name="New")
    small = create_team(name="Small", parent_id=old.id)
    ana, ben = companion("Ana", team_id=old.id), companion("Ben", team_id=old.id)
    remove_companion(companion=ben)
    place_member(member=here.owner, who=here.member, team_id=old.id)
    set_value(member=here.owner, where=of_team(here.organization.id, old.id), key=TEMPERATURE, value=0.5)
    policy = publish_policy(
        name="Privacy", regulation="LGPD", requirement="No names.", audience={"teams": [str(old.id)]}
    )
    rule = set_rule(member=here.owner, source_id=ana.id, team_id=old.id, allow=False)
    with pytest.raises(Conflict, match="teams below it: Small; members: 1; companions: 1"):
        remove_team(member=here.owner, team=old)
    with pytest.raises(Conflict, match="These policies are for it: Privacy"):
        dissolve_team(member=here.owner, team=old, move_to=new.id)
    Policy.objects.filter(id=policy.id).update(audience={})
    with pytest.raises(Conflict, match="Access rules name it: 1"):
        dissolve_team(member=here.owner, team=old, move_to=new.id)
    CompanionAccess.objects.filter(id=rule.id).delete()
    for wrong in (old, small):
        with pytest.raises(Invalid, match="neither this one nor one below it"):
            dissolve_team(member=here.owner, team=old, move_to=wrong.id)
    dissolve_team(member=here.owner, team=old, move_to=new.id)
    assert not Team.objects.filter(id=old.id).exists()
    assert Team.objects.get(id=small.id).parent_id == new.id
    assert Membership.objects.get(id=here.member.id).team_id == new.id
    ana.refresh_from_db()
    assert (ana.team_id, ana.version) == (new.id, 2)
    assert restore_companion(companion_id=ben.id).team_id == new.id
    assert not ConfigValue.objects.filter(subject=old.id).exists()
    gone = {"name": "Old", "members": 1, "teams": ["Small"], "companions": 2, "moved_to": str(new.id)}
    assert told(here, "team.removed") == gone


def test_what_ends_with_a_team_is_counted_before_and_told_to_the_trail(here: World) -> None:
    team, other = create_team(name="Old"), create_team(name="Other")
    folder = create_folder(member=here.twin, name="Recipes")
    card = files.write(member=here.twin, name="Dough", text="Flour.")
    for aim, to in ((folder, team), (card, team), (card, other)):
        share(member=here.twin, aim=aim, party=Party(team=to), right="read")
    for one in (team, other):
        Budget(scope="team", subject_id=one.id, unit="tokens", amount=5, period="day").save()
        KnowledgeAsset(title="Ovens", level="team", team_id=one.id).save()
    KnowledgeAsset(title="For all", level="public", team_id=team.id).save()
    ends = {"folders": 1, "documents": 1, "budgets": 1, "knowledge": 1}
    assert goes_with(team).told() == ends
    assert not goes_with(create_team(name="New"))
    files.trash(member=here.twin, document_id=card.id)
    ends.pop("documents")
    dissolve_team(member=here.owner, team=team, move_to=other.id)
    assert told(here, "team.removed")["ends"] == ends, "what is in the trash is nothing that ends"


def test_who_is_next_door_or_may_not_changes_nothing(here: World, right: World) -> None:
    with use_tenant(right.context):
        theirs, chief = create_team(name="Theirs"), create_position(title="Chief")
    mine = create_team(name="Mine")
    clerk = create_position(title="Clerk")
    before = list(Team.objects.values())
    for attempt in (
        lambda: create_team(name="New", parent_id=theirs.id),
        lambda: edit_team(team=mine, parent_id=theirs.id),
        lambda: dissolve_team(team=mine, move_to=theirs.id),
        lambda: edit_team(team=theirs, name="Taken"),
        lambda: remove_team(team=theirs),
        lambda: create_team(member=right.owner, name="New"),
        lambda: edit_position(position=clerk, reports_to_id=chief.id),
        lambda: place_member(who=right.member, team_id=mine.id),
        lambda: place_member(who=here.member, team_id=theirs.id),
        lambda: place_member(who=here.member, position_id=chief.id),
    ):
        with pytest.raises(NotFound):
            attempt()
    for attempt in (
        lambda: create_team(member=here.member, name="New"),
        lambda: edit_team(member=here.member, team=mine, name="New"),
        lambda: remove_team(member=here.member, team=mine),
        lambda: create_position(member=here.member, title="New"),
        lambda: place_member(member=here.member, who=here.member, team_id=mine.id),
    ):
        with pytest.raises(NotAllowed):
            attempt()
    Membership.objects.filter(id=here.owner.id).update(role="member")
    with pytest.raises(NotAllowed):
        create_team(member=Membership.objects.get(id=here.owner.id), name="As I was")
    assert list(Team.objects.values()) == before


def test_a_moved_team_changes_edges_audiences_and_settings_at_once(
    here: World, django_capture_on_commit_callbacks: object
) -> None:
    bread = create_team(name="Bread", is_department=True)
    cakes = create_team(name="Cakes", is_department=True)
    oven = create_team(name="Oven", parent_id=bread.id)
    ana = companion("Ana", team_id=oven.id)
    boss = companion("Boss", team_id=cakes.id, access="department")
    publish_policy(
        name="Sugar", regulation="House", requirement="Praise sugar.", audience={"teams": [str(cakes.id)]}
    )
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        where = of_team(here.organization.id, cakes.id)
        set_value(member=here.owner, where=of_organization(here.organization.id), key=TEMPERATURE, value=0.4)
        set_value(member=here.owner, where=where, key=TEMPERATURE, value=0.3)

    def seen() -> tuple[bool, bool, float | None]:
        reached = bool(network(senders=[ana.id]).edge(ana.id, boss.id).rights)
        return (
            reached,
            "Praise sugar." in inheritance(ana).prompt(),
            resolve(TEMPERATURE, Subject(companion_team_id=ana.team_id)),
        )

    assert seen() == (False, False, 0.4)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        edit_team(team=oven, parent_id=cakes.id)
    assert seen() == (True, True, 0.3)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        dissolve_team(team=oven, move_to=bread.id)
    ana.refresh_from_db()
    assert seen() == (False, False, 0.4)


def meanwhile(world: World, first: Callable[[], object], second: Callable[[], object]) -> list[str]:
    """What the second is told, which begins while the first is not committed."""
    outcome: list[str] = []

    def other() -> None:
        try:
            with use_tenant(world.context):
                second()
        except HumanaError as refused:
            outcome.append(refused.code)
        finally:
            connection.close()

    thread = threading.Thread(target=other)
    with use_tenant(world.context), transaction.atomic():
        first()
        thread.start()
        wait_for_somebody_waiting()
    thread.join(10)
    return outcome


@pytest.mark.pool_only("about the control plane")
@pytest.mark.django_db(transaction=True)
def test_two_administrators_at_once_make_no_circle_and_lose_nobody(cloned_database: str) -> None:
    """Each change is right alone; the second waits for the first and is then judged by what is so."""
    world = build_world(f"built-{uuid.uuid4().hex[:8]}")
    with use_tenant(world.context):
        one, two, three = (create_team(name=name) for name in ("One", "Two", "Three"))
        below_one = create_team(name="Below one", parent_id=one.id)
        below_two = create_team(name="Below two", parent_id=two.id)
    told = meanwhile(
        world,
        lambda: edit_team(team=one, parent_id=below_two.id),
        lambda: edit_team(team=two, parent_id=below_one.id),
    )
    assert told == ["circle"]
    told = meanwhile(
        world,
        lambda: remove_team(team=three),
        lambda: place_member(who=world.member, team_id=three.id),
    )
    assert told == ["not_found"]
    with use_tenant(world.context):
        parents = dict(Team.objects.filter(organization=world.organization).values_list("id", "parent_id"))
    assert structure.line(parents, below_one.id) == (below_one.id, one.id, below_two.id, two.id)
    assert len(parents) == 4
