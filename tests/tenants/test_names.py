"""Names that people give to organizations, pools and places: hostile ones, and the same one at once."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connections, transaction
from django.test import Client

from companions.models import Companion
from companions.services import companions
from companions.services.companions import create_companion
from humana.kernel.errors import Conflict, HumanaError, Invalid
from tenants.context import use_tenant
from tenants.models import Membership, Organization, OrganizationSlug, Placement, PlacementJob, User
from tenants.models.organizations import slug_rule
from tenants.owner import owner_connection
from tenants.services.further import add_placement
from tenants.services.organizations import RESERVED, found_organization, rename_address
from tenants.services.placing.pools import open_pool
from tests.fixtures.organizations import World, build_world
from tests.tenants.schemas import drop
from tests.tenants.test_organizations import person, wait_for_somebody_waiting

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.pool_only("about names, which are in the control plane"),
]

MARKUP = "<script>alert('x')</script>"
INJECTED = "'; DROP TABLE tenants_placement; --"
TURNED = "\u202eevil\u202c \u200fnames"
#: As typed, and as kept.
KEPT = [
    (MARKUP, MARKUP),
    (INJECTED, INJECTED),
    ('"quoted" `names` %s {}', '"quoted" `names` %s {}'),
    (TURNED, TURNED),
    ("admin", "admin"),
    ("select", "select"),
    ("  two\n\tlines ", "two lines"),
    ("Cafe\u0301", "Café"),
    ("名前 🙂", "名前 🙂"),
]
REFUSED = ["a\x00b", "\ud800", "x" * 1000, "x" * 121]


def nobody() -> User:
    return person(f"{uuid.uuid4().hex}@founders.example")


@pytest.fixture
def world(cloned_database: str) -> World:
    return build_world(f"named-{uuid.uuid4().hex[:8]}")


@pytest.fixture
def pools(cloned_database: str) -> Iterator[None]:
    """What is opened here is gone afterwards."""
    yield
    opened = Placement.objects.filter(isolation="row").exclude(schema_name="pool_main")
    with owner_connection() as owner:
        drop(owner, *opened.values_list("schema_name", flat=True))
    opened.delete()


@pytest.mark.parametrize(("typed", "kept"), KEPT)
def test_an_organization_keeps_its_name_and_gets_a_plain_address(
    cloned_database: str, typed: str, kept: str
) -> None:
    organization = found_organization(name=typed, owner=nobody(), furnish=False)
    organization.refresh_from_db()
    assert organization.name == kept
    slug_rule(organization.slug)
    assert organization.slug not in RESERVED


@pytest.mark.parametrize("typed", [*REFUSED, "", "  ", "\u200f\u200e"])
def test_a_name_that_cannot_be_is_refused_with_a_sentence(cloned_database: str, typed: str) -> None:
    before = Organization.objects.count()
    with pytest.raises(Invalid) as refusal:
        found_organization(name=typed, owner=nobody(), furnish=False)
    assert refusal.value.field == "organization"
    assert Organization.objects.count() == before


def test_names_that_are_one_when_plain_get_two_addresses(cloned_database: str) -> None:
    names = ["Padaria São João", "padaria sao joao", "PADARIA-SÃO-JOÃO", "Padaria Sa\u0303o Joa\u0303o"]
    founded = [found_organization(name=name, owner=nobody(), furnish=False).slug for name in names]
    assert founded[0] == "padaria-sao-joao"
    assert len(set(founded)) == 4


@pytest.mark.parametrize("slug", ["Left", "a_b", "-a", "a" * 51, "", "a\n", "ünder", "a\x00", "a/b"])
def test_an_address_that_cannot_be_is_refused(cloned_database: str, slug: str) -> None:
    with pytest.raises(Invalid) as refusal:
        found_organization(name="Plain", slug=slug, owner=nobody(), furnish=False)
    assert (refusal.value.field, refusal.value.code) == ("slug", "bad_slug")


@pytest.mark.parametrize("slug", sorted(RESERVED))
def test_a_reserved_address_is_taken(cloned_database: str, slug: str) -> None:
    with pytest.raises(Conflict):
        found_organization(name="Plain", slug=slug, owner=nobody(), furnish=False)


@pytest.mark.parametrize(("typed", "kept"), KEPT)
def test_a_place_keeps_its_name(world: World, typed: str, kept: str) -> None:
    assert placed(world, typed).name == kept


@pytest.mark.parametrize("typed", [*REFUSED, "x" * 81])
def test_a_place_of_a_name_that_cannot_be_is_refused(world: World, typed: str) -> None:
    with pytest.raises(Invalid) as refusal:
        placed(world, typed)
    assert refusal.value.field == "name"
    assert not world.organization.further_placements.exists()


@pytest.mark.parametrize("typed", ["", "   ", "\u200f"])
def test_a_place_without_a_name_is_called_as_its_organization(world: World, typed: str) -> None:
    assert placed(world, typed).name.startswith(f"{world.slug} · ")


def test_two_places_that_read_the_same_are_not_made(world: World) -> None:
    placed(world, "Crème")
    for same in ("Cre\u0300me", " Crème ", "Crème"):
        with pytest.raises(Conflict) as refusal:
            placed(build_world(f"named-{uuid.uuid4().hex[:8]}"), same)
        assert refusal.value.code == "name_taken"


@pytest.mark.parametrize(("typed", "kept"), [KEPT[0], KEPT[1], KEPT[3], KEPT[6], KEPT[7]])
def test_a_pool_keeps_its_name(pools: None, typed: str, kept: str) -> None:
    assert open_pool(name=f"{typed} pool").name == f"{kept} pool"
    with pytest.raises(Conflict):
        open_pool(name=f" {kept}  pool ")


def placed(world: World, name: str) -> Placement:
    PlacementJob.objects.filter(organization=world.organization).delete()  # as if it were over
    return add_placement(organization=world.organization, isolation="schema", name=name)


# --- at once ------------------------------------------------------------------------------------


class Aside(threading.Thread):
    """Does it in a thread of its own; `outcome` is what came of it."""

    def __init__(self, act: Callable[[], Any]) -> None:
        super().__init__()
        self.act = act
        self.outcome: Any = None

    def run(self) -> None:
        try:
            self.outcome = self.act()
        except HumanaError as refusal:
            self.outcome = (refusal.code, refusal.field)
        except Exception as error:  # noqa: BLE001  the test says what it is
            self.outcome = error
        finally:
            connections.close_all()


def meanwhile(first: Callable[[], Any], second: Callable[[], Any]) -> Any:
    """What comes of `second`, which looked before `first` had committed, and wrote afterwards."""
    other = Aside(second)
    with transaction.atomic():
        first()
        other.start()
        wait_for_somebody_waiting()
    other.join(20)
    return other.outcome


def test_eight_people_sign_up_with_the_same_name_at_once(cloned_database: str) -> None:
    ready = threading.Barrier(8)

    def sign_up(number: int) -> int:
        client = Client(headers={"accept-language": "en"})
        client.get("/accounts/signup/")
        ready.wait(20)
        told = {
            "name": f"Dora {number}",
            "organization": "Same Name",
            "email": f"dora{number}@eight.example",
            "password1": "quiet-harbour-71",
        }
        return client.post("/accounts/signup/", told).status_code

    people = [Aside(lambda number=number: sign_up(number)) for number in range(8)]  # type: ignore[misc]
    for one in people:
        one.start()
    for one in people:
        one.join(60)
    assert [one.outcome for one in people] == [302] * 8
    founded = Organization.objects.filter(name="Same Name")
    assert len({one.slug for one in founded}) == 8
    assert Membership.objects.filter(organization__in=founded, role="owner").count() == 8
    for one in founded:
        with use_tenant(one.context):
            assert Companion.objects.count() == 2


def test_the_same_mailbox_twice_at_once_is_one_account(cloned_database: str) -> None:
    told = {
        "name": "Dora",
        "organization": "Twice",
        "email": f"{uuid.uuid4().hex}@twice.example",
        "password1": "quiet-harbour-71",
    }
    answer = meanwhile(
        lambda: User.objects.create_user(told["email"]),
        lambda: Client(headers={"accept-language": "en"}).post("/accounts/signup/", told).status_code,
    )
    assert answer == 409
    assert User.objects.filter(email=told["email"]).count() == 1
    assert not Organization.objects.filter(name="Twice").exists()


def test_a_given_address_is_given_once(cloned_database: str) -> None:
    slug = f"once-{uuid.uuid4().hex[:8]}"

    def found(name: str) -> Organization:
        return found_organization(name=name, slug=slug, owner=nobody(), furnish=False)

    assert meanwhile(lambda: found("One"), lambda: found("Two")) == ("slug_taken", "slug")
    assert [one.name for one in Organization.objects.filter(slug=slug)] == ["One"]


def test_an_address_is_renamed_to_once(world: World) -> None:
    other, slug = build_world(f"named-{uuid.uuid4().hex[:8]}"), f"anew-{uuid.uuid4().hex[:8]}"

    def rename(one: World) -> None:
        rename_address(organization=one.organization, slug=slug)

    assert meanwhile(lambda: rename(world), lambda: rename(other)) == ("slug_taken", "slug")
    assert Organization.objects.get(slug=slug) == world.organization
    assert not OrganizationSlug.objects.filter(organization=other.organization).exists()


def test_one_organization_renamed_twice_at_once_keeps_every_address(world: World) -> None:
    before, first, second = world.slug, *(f"anew-{uuid.uuid4().hex[:8]}" for _ in range(2))
    mine = Organization.objects.get(id=world.organization.id)
    outcome = meanwhile(
        lambda: rename_address(organization=mine, slug=first),
        lambda: rename_address(organization=world.organization, slug=second),
    )
    assert outcome is None
    former = OrganizationSlug.objects.filter(organization=mine).values_list("slug", flat=True)
    assert set(former) == {before, first}
    assert Organization.objects.get(id=mine.id).slug == second


def test_a_new_owner_who_signs_up_meanwhile_is_said_at_the_e_mail(cloned_database: str) -> None:
    email = f"{uuid.uuid4().hex}@owners.example"

    def found() -> Organization:
        return found_organization(name="Owned", owner=User(email=email, name="Dora"), furnish=False)

    assert meanwhile(lambda: User.objects.create_user(email), found) == ("email_taken", "email")
    assert not Organization.objects.filter(name="Owned").exists()


def test_a_name_of_a_place_is_given_once(world: World) -> None:
    other, name = build_world(f"named-{uuid.uuid4().hex[:8]}"), f"Board {uuid.uuid4().hex[:6]}"
    taken = ("name_taken", "name")

    def take() -> None:
        Placement.objects.filter(id=placed(world, "").id).update(name=name)

    assert meanwhile(take, lambda: placed(other, name)) == taken
    assert not other.organization.further_placements.exists()


def test_a_name_of_a_pool_is_given_once(pools: None) -> None:
    name = f"Second {uuid.uuid4().hex[:6]}"

    def take() -> None:
        Placement.objects.create(
            name=name, schema_name=f"pool_{uuid.uuid4().hex[:8]}", isolation="row", state="closed"
        )

    assert meanwhile(take, lambda: open_pool(name=name)) == ("name_taken", "name")


def test_companions_of_one_name_at_once_get_two_addresses(world: World, monkeypatch: Any) -> None:
    """Nobody typed an address, so none is blamed."""

    def create() -> str:
        with use_tenant(world.context):
            made = create_companion(name="Twin", purpose="p", base_prompt="b", language="en")
        return made.slug

    looked, looks = threading.Event(), companions.free_slug
    other = Aside(create)

    def looks_first(name: str) -> str:
        """Whoever comes first looks, and the other one creates before it goes on."""
        found = looks(name)
        if not looked.is_set():
            looked.set()
            other.start()
            other.join(20)
        return found

    monkeypatch.setattr(companions, "free_slug", looks_first)
    assert {create(), other.outcome} != {"twin"}
    with use_tenant(world.context):
        assert Companion.objects.filter(name="Twin").count() == 2
