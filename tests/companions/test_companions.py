"""Companions are created, edited, paused and removed; people see those of their organization."""

from __future__ import annotations

import json
import uuid

import pytest

from audit.models import AuditEntry
from companions.models import Companion
from companions.queries import access_companion, access_companion_by_slug, companions_for
from companions.services.companions import (
    create_companion,
    edit_companion,
    pause_companion,
    remove_companion,
    restore_companion,
    resume_companion,
)
from companions.services.prompting import prepare_prompt
from humana.kernel.errors import Conflict, HumanaError, Invalid, NotAllowed, NotFound, StaleVersion
from tenants.context import use_tenant
from tenants.models import Team
from tests.companions.conftest import Bakery
from tests.fixtures.organizations import World

NEW = {"purpose": "Sells", "base_prompt": "You sell bread.", "language": "pt-br"}


def test_a_manager_creates_a_companion_that_members_can_talk_to(bakery: Bakery) -> None:
    team = Team.objects.create(organization=bakery.organization, name="Counter")
    made = create_companion(
        member=bakery.person("manager"), name=" João  da\nPadaria ", team_id=team.id, starters=["Olá?"], **NEW
    )
    assert (made.name, made.slug, made.version) == ("João da Padaria", "joao-da-padaria", 1)
    assert (made.team_id, made.starters) == (team.id, ["Olá?"])
    assert list(companions_for(member=bakery.person("member"))) == [made]
    assert access_companion(member=bakery.person("member"), companion_id=made.id) == made
    assert access_companion_by_slug(member=bakery.person("member"), slug="joao-da-padaria") == made


def test_names_may_repeat_addresses_may_not(bakery: Bakery) -> None:
    first, second = (create_companion(name="Ana", **NEW) for _ in range(2))
    assert first.slug == "ana"
    assert second.slug.startswith("ana-")
    assert create_companion(name="パン", **NEW).slug == "companion"
    with pytest.raises(Conflict) as taken:
        create_companion(name="Other", slug="ana", **NEW)
    assert taken.value.code == "slug_taken"
    assert Companion.objects.count() == 3


def test_an_edit_reaches_the_next_answer(bakery: Bakery, baker: Companion) -> None:
    edited = edit_companion(
        member=bakery.person("manager"), companion=baker, version=1, base_prompt="You bake cakes."
    )
    assert edited.version == 2
    assert (edited.name, edited.purpose) == (baker.name, baker.purpose)
    assert prepare_prompt(edited).text == "You bake cakes."
    assert prepare_prompt(edited).provenance["companion"]["version"] == 2


def test_two_people_edit_at_once_and_the_second_is_told(bakery: Bakery, baker: Companion) -> None:
    edit_companion(companion=baker, version=1, purpose="Bakes bread")
    with pytest.raises(StaleVersion):
        edit_companion(companion=baker, version=1, purpose="Bakes cake")
    assert Companion.objects.get().purpose == "Bakes bread"


def test_an_edit_that_changes_nothing_leaves_no_trace(bakery: Bakery, baker: Companion) -> None:
    lines = AuditEntry.objects.count()
    assert edit_companion(companion=baker, purpose="Bakes", model="").version == 1
    assert resume_companion(companion=baker).version == 1
    assert AuditEntry.objects.count() == lines


def test_a_paused_companion_leaves_the_list_but_can_be_opened(bakery: Bakery, baker: Companion) -> None:
    member, manager = bakery.person("member"), bakery.person("manager")
    assert pause_companion(member=manager, companion=baker).state == Companion.State.PAUSED
    assert not companions_for(member=member).exists()
    assert access_companion(member=member, companion_id=baker.id).state == Companion.State.PAUSED
    resume_companion(member=manager, companion=baker)
    assert companions_for(member=member).get() == baker


def test_a_removed_companion_is_missing_until_it_is_restored(bakery: Bakery, baker: Companion) -> None:
    member, manager = bakery.person("member"), bakery.person("manager")
    removed = remove_companion(member=manager, companion=baker)
    assert (removed.removed_by, bool(removed.removed_at)) == (manager.user_id, True)
    for attempt in (
        lambda: access_companion(member=member, companion_id=baker.id),
        lambda: access_companion_by_slug(member=member, slug=baker.slug),
        lambda: edit_companion(companion=baker, purpose="Haunts"),
        lambda: remove_companion(companion=baker),
    ):
        with pytest.raises(NotFound):
            attempt()
    with pytest.raises(Conflict):
        create_companion(name="Pão", slug=baker.slug, **NEW)
    restore_companion(member=manager, companion_id=baker.id)
    assert companions_for(member=member).get() == baker


def test_a_strangers_companion_looks_exactly_like_a_missing_one(bakery: Bakery, left: World) -> None:
    member = bakery.person("member")
    said = set()
    for companion_id in (left.companion.id, uuid.uuid4()):
        with pytest.raises(NotFound) as missing:
            access_companion(member=member, companion_id=companion_id)
        said.add((str(missing.value), missing.value.code, missing.value.status))
    with pytest.raises(NotFound) as missing:
        access_companion_by_slug(member=member, slug=left.companion.slug)
    said.add((str(missing.value), missing.value.code, missing.value.status))
    assert len(said) == 1


def test_a_member_sees_nothing_from_inside_another_organization(baker: Companion, left: World) -> None:
    with pytest.raises(NotFound):
        access_companion(member=left.owner, companion_id=baker.id)
    with pytest.raises(NotFound):
        pause_companion(member=left.owner, companion=baker)
    assert not companions_for(member=left.owner).exists()
    with use_tenant(left.context), pytest.raises(NotFound):
        edit_companion(member=left.owner, companion=baker, purpose="Theirs")
    assert Companion.objects.get().purpose == "Bakes"


@pytest.mark.parametrize("role", ["member", "auditor", "billing"])
def test_who_may_not_edit_companions_is_told_so(bakery: Bakery, baker: Companion, role: str) -> None:
    person = bakery.person(role)
    for attempt in (
        lambda: create_companion(member=person, name="Mine", **NEW),
        lambda: edit_companion(member=person, companion=baker, purpose="Mine"),
        lambda: pause_companion(member=person, companion=baker),
        lambda: remove_companion(member=person, companion=baker),
        lambda: restore_companion(member=person, companion_id=baker.id),
    ):
        with pytest.raises(NotAllowed):
            attempt()
    assert Companion.objects.get().version == 1


def test_who_may_not_see_companions_has_an_empty_list(bakery: Bakery, baker: Companion) -> None:
    auditor = bakery.person("auditor")
    assert not companions_for(member=auditor).exists()
    with pytest.raises(NotAllowed):
        access_companion(member=auditor, companion_id=baker.id)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"purpose": "\x00"}, "purpose"),
        ({"base_prompt": ""}, "base_prompt"),
        ({"base_prompt": "x" * 8001}, "base_prompt"),
        ({"language": "la"}, "language"),
        ({"access": "everyone"}, "access"),
        ({"slug": "Not An Address"}, "slug"),
        ({"starters": ["?"] * 7}, "starters"),
        ({"starters": [3]}, "starters"),
        ({"team_id": uuid.uuid4()}, "team_id"),
        ({"position_id": uuid.uuid4()}, "position_id"),
    ],
)
def test_bad_input_names_the_field(bakery: Bakery, wrong: dict[str, object], field: str) -> None:
    with pytest.raises((Invalid, NotFound)) as refused:
        create_companion(**({"name": "Ana"} | NEW | wrong))  # type: ignore[arg-type]
    assert refused.value.field == field
    assert not Companion.objects.exists()


def test_a_team_of_another_organization_is_unknown(bakery: Bakery, left: World) -> None:
    with use_tenant(left.context):
        theirs = Team.objects.create(organization=left.organization, name="Crew")
    with pytest.raises(HumanaError):
        create_companion(name="Ana", team_id=theirs.id, **NEW)


def test_the_trail_tells_the_life_of_a_companion_without_its_prompt(bakery: Bakery, baker: Companion) -> None:
    edit_companion(companion=baker, base_prompt="A secret recipe.", purpose="Bakes more")
    pause_companion(companion=baker)
    resume_companion(companion=baker)
    remove_companion(companion=baker)
    restore_companion(companion_id=baker.id)
    entries = AuditEntry.objects.filter(resource_type="companion").order_by("sequence")
    assert [one.action.rsplit(".", 1)[1] for one in entries] == [
        "created",
        "edited",
        "paused",
        "resumed",
        "removed",
        "restored",
    ]
    assert json.loads(entries[1].payload) == {
        "changed": ["base_prompt", "purpose"],
        "name": "Pão",
        "slug": "pao",
        "version": 2,
    }
    assert not any("recipe" in one.payload for one in entries)
