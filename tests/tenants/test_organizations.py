"""Founding, placing and renaming organizations; one mailbox is one person."""

from __future__ import annotations

import threading
import time
import unicodedata

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from humana.kernel.errors import Conflict, Invalid, NotAllowed
from humana.kernel.text import email_key
from tenants.models import Membership, Organization, Placement, User
from tenants.queries import current_slug, membership_at
from tenants.services.organizations import (
    RESERVED,
    found_organization,
    free_slug,
    rename_address,
)
from tenants.services.placing.places import roomiest_pool
from tests.fixtures.organizations import World, join

pytestmark = pytest.mark.django_db


def person(email: str) -> User:
    return User.objects.create_user(email, name="Dora")


def found(name: str, **options: str) -> Organization:
    return found_organization(
        name=name, owner=person(f"{free_slug(name)}@founders.example"), furnish=False, **options
    )


# --- placing ------------------------------------------------------------------------------------


@pytest.fixture
def second_pool(db: None) -> Placement:
    Placement.objects.update(capacity=None)
    return Placement.objects.create(name="Second", schema_name="pool_second", isolation="row", capacity=1)


@pytest.mark.pool_only("about the room in a pool")
def test_the_least_loaded_pool_is_taken_until_it_is_full(second_pool: Placement) -> None:
    main = Placement.objects.get(schema_name="pool_main")
    crowd = person("crowd@founders.example")
    join(Organization.objects.create(slug="one", name="One", placement=main), crowd, "member")
    with transaction.atomic():
        assert roomiest_pool() == second_pool
    assert found("Second").placement == second_pool
    assert found("Third").placement == main


def test_no_room_is_said_plainly(second_pool: Placement) -> None:
    Placement.objects.update(capacity=0)
    with pytest.raises(Conflict) as refusal, transaction.atomic():
        roomiest_pool()
    assert refusal.value.code == "no_room"
    assert not User.objects.filter(email__startswith="nobody").exists()


@pytest.mark.parametrize("change", [{"state": "closed"}, {"state": "preparing"}, {"isolation": "schema"}])
def test_only_open_pools_are_taken(change: dict[str, str], second_pool: Placement) -> None:
    Placement.objects.filter(pk=second_pool.pk).update(**change)
    Organization.objects.create(
        slug="one", name="One", placement=Placement.objects.get(schema_name="pool_main")
    )
    with transaction.atomic():
        assert roomiest_pool() != second_pool


@pytest.mark.pool_only("about the room in a pool")
@pytest.mark.django_db(transaction=True)
def test_the_last_place_is_given_once(cloned_database: str) -> None:
    """The second sign-up waits for the first and then counts again."""
    pool = Placement.objects.get(schema_name="pool_main")
    Placement.objects.filter(pk=pool.pk).update(capacity=Organization.objects.count() + 1)
    outcome: list[object] = []

    def second() -> None:
        try:
            outcome.append(found("Second of two"))
        except Conflict as error:
            outcome.append(error.code)
        finally:
            connection.close()

    thread = threading.Thread(target=second)
    with transaction.atomic():
        found("First of two")
        thread.start()
        wait_for_somebody_waiting()
    thread.join(10)
    Placement.objects.filter(pk=pool.pk).update(capacity=None)
    assert outcome == ["no_room"]


def wait_for_somebody_waiting() -> None:
    for _ in range(500):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits for the place")


# --- addresses ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Padaria São João", "padaria-sao-joao"),
        ("ＦＵＬＬ", "full"),
        ("...", "organization"),
        ("x" * 90, "x" * 40),
    ],
)
def test_the_address_follows_from_the_name(name: str, slug: str) -> None:
    assert free_slug(name) == slug


def test_reserved_used_and_former_addresses_are_not_given_out(left: World) -> None:
    rename_address(organization=left.organization, slug="left-anew")
    for taken in ["left", "left-anew", *RESERVED]:
        assert free_slug(taken) not in {taken, *RESERVED}
        with pytest.raises(Conflict):
            rename_address(organization=left.organization, slug=taken)


@pytest.mark.parametrize("slug", ["Left", "a_b", "-a", "a-", "a/b", "a" * 51, "", "a\n", "ünder"])
def test_an_address_is_plain(slug: str, left: World) -> None:
    with pytest.raises(Invalid):
        rename_address(organization=left.organization, slug=slug)


def test_every_former_address_leads_to_the_present_one(left: World) -> None:
    for slug in ("left-2", "left-3"):
        rename_address(organization=left.organization, slug=slug)
    assert {current_slug(former) for former in ("left", "left-2")} == {"left-3"}
    assert current_slug("never-heard-of") is None


def test_an_unknown_address_and_somebody_elses_look_the_same(left: World, right: World) -> None:
    refusals = []
    for slug in ("right", "never-heard-of", "a\x00b", "left\n"):
        with pytest.raises(NotAllowed) as refusal:
            membership_at(user=left.owner.user, slug=slug)
        refusals.append((refusal.value.status, refusal.value.code, str(refusal.value)))
    assert len(set(refusals)) == 1


@pytest.mark.parametrize("state", ["suspended", "invited"])
def test_membership_is_read_at_each_request(state: str, left: World) -> None:
    assert membership_at(user=left.member.user, slug="left").pk == left.member.pk
    Membership.objects.filter(pk=left.member.pk).update(state=state)
    with pytest.raises(NotAllowed):
        membership_at(user=left.member.user, slug="left")


@pytest.mark.parametrize("state", ["suspended", "removing", "provisioning"])
def test_a_closed_organization_opens_to_nobody(state: str, left: World) -> None:
    Organization.objects.filter(pk=left.organization.pk).update(state=state)
    with pytest.raises(NotAllowed):
        membership_at(user=left.owner.user, slug="left")


# --- people -------------------------------------------------------------------------------------

LOOK_ALIKES = [
    "ANA@left.example",
    " ana@left.example ",
    "ａｎａ@left.example",  # full width
    "ana＠left.example",
    "𝐚𝐧𝐚@left.example",  # mathematical bold
    "ana@ＬＥＦＴ.example",
    "ⓐⓝⓐ@left.example",
    "ana@left.exampLe",
]


@pytest.mark.parametrize("spelling", LOOK_ALIKES)
def test_one_mailbox_is_one_person(spelling: str, left: World) -> None:
    assert User.objects.get_by_natural_key(spelling) == left.owner.user
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create_user(spelling)


@pytest.mark.parametrize(
    ("one", "other"), [("straße@a.example", "strasse@a.example"), ("ﬁ@a.example", "fi@a.example")]
)
def test_letters_that_fold_together_are_one(one: str, other: str) -> None:
    person(one)
    with pytest.raises(IntegrityError), transaction.atomic():
        person(other)


def test_the_kept_spelling_is_the_key_itself(left: World) -> None:
    """Mail goes to what is kept, so nobody's look-alike address is ever written to."""
    user = left.owner.user
    user.email = "𝐀na@left.example"
    user.save()
    user.refresh_from_db()
    assert user.email == "ana@left.example"


@given(st.text(max_size=40))
def test_a_key_is_its_own_key(text: str) -> None:
    key = email_key(text)
    assert email_key(key) == key
    assert email_key(text.upper()) == email_key(email_key(text).upper())
    assert unicodedata.is_normalized("NFKC", key)
