"""An operator founds an organization, says where it lives, and watches it being set up."""

from __future__ import annotations

import html
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail
from django.urls import reverse
from django.utils.translation import override

from tenants.console_founding import FIELDS
from tenants.models import ControlEvent, Isolation, Membership, Organization, Placement, PlacementJob, User
from tenants.services.organizations import found_organization
from tenants.services.placing import jobs, places
from tests.admin.conftest import Desk, english
from tests.fixtures.organizations import World, build_world
from tests.tenants.test_provisioning import _databases_of_their_own  # noqa: F401  what they made goes

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.pool_only("pools are what it is about"),
]
ADD = "admin:tenants_organization_add"


@pytest.fixture
def desk(cloned_database: str) -> Desk:
    name = f"op-{uuid.uuid4().hex[:8]}@humana.example"
    return Desk(User.objects.create_user(name, "quiet-harbour-71", name="Olga", is_staff=True))


@pytest.fixture
def world(cloned_database: str) -> World:
    return build_world(f"near-{uuid.uuid4().hex[:8]}")


@pytest.fixture
def typed(cloned_database: str) -> dict[str, str]:
    key = uuid.uuid4().hex[:8]
    return {
        "organization": f"Clinic {key}",
        "slug": "",
        "email": f"Rosa@{key}.example",
        "person": "Rosa",
        "plan": "pro",
        "language": "en",
        "place": "plan",
    }


@pytest.fixture
def second_pool(cloned_database: str) -> Iterator[Placement]:
    """A pool that has no schema: nothing is furnished in it here, since nobody is let in."""
    pool = Placement.objects.create(
        name=f"Second {uuid.uuid4().hex[:6]}", schema_name="pool_main_2", isolation="row", capacity=0
    )
    yield pool
    main = Placement.objects.get(schema_name="pool_main")
    Organization.objects.filter(placement=pool).update(placement=main)
    pool.delete()


def send(desk: Desk, typed: dict[str, str], **changes: str) -> Any:
    return desk.client.post(reverse(ADD), typed | changes, follow=True)


def complaints(answer: Any) -> dict[str, str]:
    assert answer.status_code == 200
    with override("en"):
        return {name: " ".join(map(str, said)) for name, said in answer.context["form"].errors.items()}


def founded(typed: dict[str, str]) -> Organization:
    return Organization.objects.select_related("placement").get(name=typed["organization"])


def test_in_a_pool_it_is_open_at_once(desk: Desk, typed: dict[str, str]) -> None:
    listed = desk.client.get(reverse("admin:tenants_organization_changelist")).content.decode()
    assert reverse(ADD) in listed
    answer = send(desk, typed)
    organization = founded(typed)
    assert answer.redirect_chain[-1][0] == reverse("console-placement", args=[organization.slug])
    shown = html.unescape(answer.content.decode())
    assert "Its owner is new" in shown
    assert (organization.state, organization.plan, organization.language) == ("active", "pro", "en")
    assert organization.placement.isolation == Isolation.ROW
    owner = Membership.objects.get(organization=organization)
    assert (owner.role, owner.user.email, owner.user.name) == ("owner", typed["email"].lower(), "Rosa")
    assert not owner.user.has_usable_password()
    assert not Membership.objects.filter(user=desk.user).exists()


def test_a_new_owner_chooses_a_password_by_mail(desk: Desk, typed: dict[str, str]) -> None:
    send(desk, typed)
    english().post(reverse("account_reset_password"), {"email": typed["email"]})
    assert [one.to for one in mail.outbox] == [[typed["email"].lower()]]
    assert "/accounts/" in str(mail.outbox[0].body)


def test_somebody_known_owns_one_more(desk: Desk, typed: dict[str, str], world: World) -> None:
    email = world.owner.user.email
    assert "as usual" in send(desk, typed, email=email.upper(), person="").content.decode()
    assert Membership.objects.filter(user=world.owner.user, role="owner").count() == 2
    assert User.objects.filter(email=email).count() == 1


@pytest.mark.parametrize(("place", "isolation"), [("schema", "schema"), ("database", "database")])
def test_a_place_of_its_own_is_watched_until_it_is_open(
    desk: Desk, typed: dict[str, str], place: str, isolation: str
) -> None:
    answer = send(desk, typed, place=place)
    shown = answer.content.decode()
    assert 'http-equiv="refresh"' in shown
    assert "Prove that they isolate" in shown
    assert "Being set up" in shown
    organization = founded(typed)
    assert jobs.work_on(PlacementJob.objects.get(organization=organization).id) is not None
    organization.refresh_from_db()
    assert (organization.state, organization.placement.isolation) == ("active", isolation)
    done = desk.client.get(reverse("console-placement", args=[organization.slug])).content.decode()
    assert 'http-equiv="refresh"' not in done
    event = ControlEvent.objects.filter(action="organization.founded")
    assert not event.exists(), "told to the organization, not to the platform"


def test_the_plan_decides_unless_somebody_does(desk: Desk, typed: dict[str, str]) -> None:
    send(desk, typed, plan="business")
    assert founded(typed).placement.isolation == Isolation.SCHEMA
    other = typed | {"organization": typed["organization"] + " B", "slug": ""}
    send(desk, other, plan="business", place="pool")
    assert founded(other).placement.isolation == Isolation.ROW


def test_a_certain_pool_is_taken_and_a_full_one_is_refused(
    desk: Desk, typed: dict[str, str], second_pool: Placement, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = f"pool-{second_pool.id}"
    form = desk.client.get(reverse(ADD)).content.decode()
    assert f"{second_pool.name}”: 0 of 0 there" in form
    refused = send(desk, typed, place=place)
    assert complaints(refused) == {"place": "This pool takes no more organizations: choose another one."}
    assert f'value="{typed["organization"]}"' in refused.content.decode(), "what was typed is still there"
    assert not User.objects.filter(email=typed["email"].lower()).exists(), "nor is anybody made"
    monkeypatch.setattr(places, "require_room", lambda pool: pool)  # the guard switched off
    monkeypatch.setattr("humana.kernel.ports.furnish_organization", lambda organization: None)
    send(desk, typed, place=place)
    assert founded(typed).placement == second_pool


def test_where_nothing_has_room_the_operator_reads_what_to_do(
    desk: Desk, typed: dict[str, str], settings: Any
) -> None:
    before = dict(Placement.objects.values_list("id", "capacity"))
    Placement.objects.filter(isolation="row").update(capacity=0)
    try:
        full = complaints(send(desk, typed, place="pool"))
        settings.HUMANA_MOST_SCHEMAS = 0
        assert full == complaints(send(desk, typed, place="schema"))
    finally:
        for key, capacity in before.items():
            Placement.objects.filter(id=key).update(capacity=capacity)
    assert list(full) == ["place"]
    assert "Raise the capacity of a pool" in full["place"]
    assert not Organization.objects.filter(name=typed["organization"]).exists()
    assert set(FIELDS.values()) == {"place"}


@pytest.mark.parametrize(
    ("wrong", "field", "sentence"),
    [
        ({"organization": " "}, "organization", "required"),
        ({"slug": "Not An Address"}, "slug", "small letters"),
        ({"slug": "admin"}, "slug", "taken"),
        ({"email": "nobody"}, "email", "valid email"),
        ({"person": ""}, "person", "Nobody signs in"),
        ({"plan": "golden"}, "plan", "valid choice"),
        ({"place": f"pool-{uuid.uuid4()}"}, "place", "valid choice"),
    ],
)
def test_what_is_wrong_is_said(
    desk: Desk, typed: dict[str, str], wrong: dict[str, str], field: str, sentence: str
) -> None:
    said = complaints(send(desk, typed, **wrong))
    assert list(said) == [field]
    assert sentence in said[field]


def test_an_address_that_is_taken_stays_whose_it_is(desk: Desk, typed: dict[str, str], world: World) -> None:
    assert "taken" in complaints(send(desk, typed, slug=world.slug))["slug"]
    assert send(desk, typed, slug=f"x-{world.slug}").redirect_chain
    assert founded(typed).slug == f"x-{world.slug}"


def test_no_operator_owns_what_they_found(
    desk: Desk, typed: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They would be inside without a support session."""
    said = complaints(send(desk, typed, email=desk.user.email))
    assert "An operator cannot own" in said["email"]
    gone = User.objects.create_user(f"{uuid.uuid4().hex}@x.example", None, is_active=False)
    assert "may not sign in" in complaints(send(desk, typed, email=gone.email))["email"]
    assert not Membership.objects.filter(user=desk.user).exists()
    monkeypatch.setattr("tenants.services.people._may_own", lambda user: None)  # the guard switched off
    send(desk, typed, email=desk.user.email)
    assert Membership.objects.filter(user=desk.user).exists()


def test_only_operators_found(desk: Desk, typed: dict[str, str], world: World) -> None:
    member = Desk(world.owner.user)
    assert send(member, typed).status_code == 403
    assert send(Desk(world.owner.user, english()), typed).status_code == 403
    User.objects.filter(id=desk.user.id).update(is_staff=False)
    assert send(desk, typed).status_code == 403
    assert not Organization.objects.filter(name=typed["organization"]).exists()


def test_with_another_organization_in_hand_nothing_goes_astray(
    desk: Desk, typed: dict[str, str], world: World
) -> None:
    desk.take(world)
    send(desk, typed, place="database")
    organization = founded(typed)
    assert jobs.work_on(PlacementJob.objects.get(organization=organization).id) is not None
    organization.refresh_from_db()
    assert organization.state == "active"


def test_a_program_founds_in_a_certain_pool_too(world: World, cloned_database: str) -> None:
    pool = Placement.objects.get(schema_name="pool_main")
    made = found_organization(name="Quay", owner=world.owner.user, plan="enterprise", pool=pool)
    assert made.placement == pool
