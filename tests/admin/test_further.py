"""Further places of an organization: added, watched, given up, and companions placed there."""

from __future__ import annotations

import html
import uuid
from typing import Any

import pytest
from django.urls import reverse
from django.utils.translation import override

from companions.models import Companion
from companions.services import placing
from companions.services.companions import create_companion
from humana import console_further
from humana.kernel.errors import Conflict, NotFound
from tenants.context import use_tenant
from tenants.db import aliases, breaker
from tenants.models import Isolation, Organization, Placement, PlacementJob, User
from tenants.owner import owner_connection, owner_settings
from tenants.services import further
from tenants.services.further import add_placement, give_up_placement
from tenants.services.placing import jobs, moving
from tests.admin.conftest import Desk, trail
from tests.fixtures.mixed import allow
from tests.fixtures.organizations import World, build_world
from tests.tenants.test_provisioning import _databases_of_their_own  # noqa: F401  what they made goes

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.battery]


@pytest.fixture
def world(cloned_database: str) -> World:
    made = build_world(f"mixer-{uuid.uuid4().hex[:8]}")
    with use_tenant(made.context):
        create_companion(name="Sofia", purpose="Answers", base_prompt="You are Sofia.", language="en")
    return made


@pytest.fixture
def desk(cloned_database: str) -> Desk:
    name = f"op-{uuid.uuid4().hex[:8]}@humana.example"
    return Desk(User.objects.create_user(name, "quiet-harbour-71", name="Olga", is_staff=True))


@pytest.fixture
def inside(desk: Desk, world: World) -> Desk:
    """In a support session of the organization."""
    desk.take(world)
    desk.begin_support()
    return desk


def page(desk: Desk, world: World) -> str:
    answer: Any = desk.client.get(reverse("console-placement", args=[world.slug]))
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def press(desk: Desk, world: World, **fields: object) -> Any:
    return desk.client.post(reverse("console-placement", args=[world.slug]), fields, follow=True)


def said(answer: Any) -> str:
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def added(world: World) -> Placement:
    return add_placement(organization=world.organization, isolation=Isolation.SCHEMA, now=True)


def sofia(world: World) -> Companion:
    with use_tenant(Organization.objects.get(id=world.organization.id).context):
        return Companion.objects.get(name="Sofia")


@pytest.mark.parametrize("isolation", ["schema", "database"])
def test_a_place_is_added_and_watched(desk: Desk, world: World, isolation: str) -> None:
    assert "everything lives in one place" in page(desk, world)
    begun = said(press(desk, world, act="add", way=isolation))
    assert "The place is being made" in begun
    assert 'http-equiv="refresh"' in begun
    assert "Being prepared" in begun
    assert 'value="add"' not in begun, "one at a time"
    jobs.work_on(PlacementJob.objects.get(organization=world.organization).id)
    placement = world.organization.further_placements.get()
    assert (placement.isolation, placement.state) == (isolation, "ready")
    done = page(desk, world)
    assert placement.name in done
    assert 'http-equiv="refresh"' not in done
    assert press(desk, world, act="add", way="nowhere").status_code == 404
    assert press(desk, world, act="add", way=f"pool-{world.organization.placement_id}").status_code == 404


def test_companions_are_named_and_placed_inside_a_support_session(
    inside: Desk, world: World, desk: Desk
) -> None:
    place = added(world)
    before = page(inside, world)
    assert "none yet" in before
    assert f'<option value="{sofia(world).id}">Sofia' in before
    moved = said(press(inside, world, act="place", companion=sofia(world).id, place=place.id))
    assert "The companion lives there from now on." in moved
    assert sofia(world).placement_id == place.id
    assert "<td>Sofia</td>" in page(inside, world)
    looks = [one for one in trail(world) if one.action == "support.looked"]
    assert str(sofia(world).id) in looks[-1].payload
    inside.end_support()
    assert "Sofia" not in page(desk, world)
    assert "not shown" in page(desk, world)


def test_outside_of_one_nobody_is_named_nor_placed(
    desk: Desk, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = added(world)
    neighbour = build_world(f"near-{uuid.uuid4().hex[:8]}")
    desk.take(neighbour)
    desk.begin_support()  # in another organization
    wants = {"act": "place", "companion": sofia(world).id, "place": place.id}
    refused = said(press(desk, world, **wants))
    assert "open a support session: companions are content" in refused
    assert "Sofia" not in refused
    assert sofia(world).placement_id is None
    monkeypatch.setattr(console_further, "in_hand", lambda request: world.organization)  # the guard off
    press(desk, world, **wants)
    assert sofia(world).placement_id == place.id


def test_what_is_refused_is_a_sentence(inside: Desk, world: World) -> None:
    place = added(world)
    talked_with = press(inside, world, act="place", companion=world.companion.id, place=place.id)
    assert "Only a companion without chats can be given a place" in said(talked_with)
    for wrong in ({"companion": uuid.uuid4()}, {"place": uuid.uuid4()}, {"companion": "x"}):
        wants = {"act": "place", "companion": sofia(world).id, "place": place.id} | wrong
        assert press(inside, world, **wants).status_code == 404
    assert sofia(world).placement_id is None


def test_a_place_that_does_not_answer_is_a_sentence_too(
    inside: Desk, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = add_placement(organization=world.organization, isolation=Isolation.DATABASE, now=True)
    with use_tenant(world.organization.context.further(place.ref)):
        name = owner_settings(place.database)["NAME"]
    aliases.forget_all()
    allow(name, "false")
    wants = {"act": "place", "companion": sofia(world).id, "place": place.id}
    assert "does not answer just now" in said(press(inside, world, **wants))
    assert "Sofia" in page(inside, world), "what is in the main place is shown all the same"
    monkeypatch.setattr(console_further, "residences", silent)
    assert "so its companions are not shown" in page(inside, world)
    allow(name, "true")


def silent() -> None:
    raise breaker.silent()


def test_one_that_cannot_be_made_is_given_up(desk: Desk, world: World) -> None:
    press(desk, world, act="add", way="schema")
    job = PlacementJob.objects.get(organization=world.organization)
    placement = world.organization.further_placements.get()
    PlacementJob.objects.filter(id=job.id).update(state="failed", error="The disk there is full.")
    assert "Give it up" in page(desk, world)
    assert "The place is given up" in said(press(desk, world, act="give-up"))
    jobs.work_on(PlacementJob.objects.get(organization=world.organization, kind="clear").id)
    assert not Placement.objects.filter(id=placement.id).exists()
    assert not Organization.objects.get(id=world.organization.id).mixed
    with owner_connection() as owner:
        left = owner.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [placement.schema_name])
        assert left.fetchall() == []
    assert PlacementJob.objects.get(id=job.id).state == PlacementJob.State.UNDONE


def test_but_never_one_that_is_ready(world: World) -> None:
    place = added(world)
    job = PlacementJob.objects.get(organization=world.organization)
    PlacementJob.objects.filter(id=job.id).update(state="running")  # cut off just before its end
    with override("en"), pytest.raises(Conflict, match="companions may live there"):
        give_up_placement(job=job)
    Placement.objects.filter(id=place.id).update(state="preparing")  # what the guard asks
    give_up_placement(job=job, later=False)
    assert not world.organization.further_placements.exists()


def test_a_place_has_a_name_that_people_read(desk: Desk, world: World) -> None:
    name = f"Board {uuid.uuid4().hex[:6]}"
    press(desk, world, act="add", way="schema", name=f"  {name}  ")
    assert world.organization.further_placements.get().name == name
    jobs.work_on(PlacementJob.objects.get(organization=world.organization).id)
    assert "There is a placement of this name already." in said(
        press(desk, world, act="add", way="schema", name=name)
    )
    assert world.organization.further_placements.count() == 1
    assert "Put in what a new organization begins with" not in page(desk, world), "it is no organization"


@pytest.mark.parametrize("name", ["a\x00b", "x" * 1000])
def test_a_name_that_cannot_be_kept_is_said(desk: Desk, world: World, name: str) -> None:
    assert "The text " in said(press(desk, world, act="add", way="schema", name=name))
    assert not world.organization.further_placements.exists()


def test_an_empty_place_is_removed_and_nothing_is_left_of_it(desk: Desk, world: World) -> None:
    place = added(world)
    assert "is removed" in said(press(desk, world, act="leave", place=place.id))
    jobs.work_on(PlacementJob.objects.get(organization=world.organization, kind="clear").id)
    assert not Placement.objects.filter(id=place.id).exists()
    assert not Organization.objects.get(id=world.organization.id).mixed
    with owner_connection() as owner:
        left = owner.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [place.schema_name])
        assert left.fetchall() == []
    assert press(desk, world, act="leave", place=place.id).status_code == 404
    assert press(desk, world, act="leave", place=world.organization.placement_id).status_code == 404


def test_but_none_where_a_companion_lives(
    inside: Desk, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = added(world)
    press(inside, world, act="place", companion=sofia(world).id, place=place.id)
    assert 'value="leave"' not in page(inside, world)
    wants = {"act": "leave", "place": place.id}
    assert "Companions live there" in said(press(inside, world, **wants))
    assert world.organization.further_placements.get() == place
    monkeypatch.setattr(further, "_holds_rows", lambda *_given: False)  # the guard off
    press(inside, world, **wants)
    assert not world.organization.further_placements.exists()


def test_who_places_a_companion_there_meanwhile_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = add_placement(organization=world.organization, isolation=Isolation.DATABASE, now=True)
    here = Organization.objects.get(id=world.organization.id)
    with use_tenant(here.context):
        found = placing._further(place.id)
    further.remove_placement(organization=here, placement=Placement.objects.get(id=place.id))
    monkeypatch.setattr(placing, "_further", lambda _id: found)  # asked a moment before
    with use_tenant(here.context), pytest.raises(NotFound):
        placing.place_companion(companion_id=sofia(world).id, placement_id=place.id)
    assert sofia(world).placement_id is None


def test_what_stopped_a_job_is_read_in_the_reader_s_language(desk: Desk, world: World) -> None:
    press(desk, world, act="add", way="schema")
    job = PlacementJob.objects.get(organization=world.organization)
    PlacementJob.objects.filter(id=job.id).update(
        state="failed", error="The server's disk is full. Make room, then try again."
    )
    assert "The server's disk is full." in page(desk, world)
    User.objects.filter(id=desk.user.id).update(language="pt-br")
    assert "O disco do servidor está cheio." in page(desk, world)


def test_none_is_added_while_another_job_is_at_work(
    desk: Desk, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    moving.move(organization=world.organization, isolation=Isolation.SCHEMA, later=False)
    assert "wait until" in said(press(desk, world, act="add", way="schema"))
    assert not world.organization.further_placements.exists()
    monkeypatch.setattr("tenants.services.further.hold", lambda organization: None)  # the guard off
    press(desk, world, act="add", way="schema")
    assert world.organization.further_placements.exists()


def test_only_operators_add_and_place(desk: Desk, world: World) -> None:
    place = added(world)
    member = Desk(world.owner.user)
    assert press(member, world, act="add", way="schema").status_code == 403
    wants = {"act": "place", "companion": sofia(world).id, "place": place.id}
    assert press(member, world, **wants).status_code == 403
    User.objects.filter(id=desk.user.id).update(is_staff=False)
    assert press(desk, world, **wants).status_code == 403
    assert world.organization.further_placements.count() == 1
    assert sofia(world).placement_id is None
