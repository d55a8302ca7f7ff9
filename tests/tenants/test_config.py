"""Configuration in layers, as those who set it and those who live with it see it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from byoc.config_keys import ALLOWED_MODELS, NOTIFY
from chats.config_keys import MESSAGE_LIMIT
from companions.config_keys import MAX_OUTPUT_TOKENS, TEMPERATURE
from humana.kernel.actor import Actor, acting_as
from humana.kernel.crypto import CannotOpen
from humana.kernel.errors import Conflict, HumanaError, Invalid, NotAllowed, NotFound, StaleVersion
from tenants.config import catalogue
from tenants.config.catalogue import ConfigKey, config_keys, declare
from tenants.config.kinds import OneOf, Secret
from tenants.config.resolver import Subject, explain, resolve, resolve_for, resolve_many, subject_of
from tenants.config.snapshot import rows_of, snapshot
from tenants.config_keys import SESSION_AGE
from tenants.context import use_tenant
from tenants.models import ConfigValue, ControlEvent, Membership, Team
from tenants.services import config
from tenants.services.config import EVERYWHERE, UNSET, Where, of_organization, of_person, of_team
from tests.fixtures.organizations import World

pytestmark = pytest.mark.django_db
ANA = Actor(kind="user", label="Ana", user_id=uuid.uuid4())


@pytest.fixture(autouse=True)
def _read_anew() -> Iterator[None]:
    """Nothing is committed here, so nobody is told of a change."""
    snapshot.forget()
    yield
    snapshot.forget()


@pytest.fixture
def team(left: World) -> Team:
    """Wards, and Ward 3 in it, to which the twin belongs."""
    with use_tenant(left.context):
        above = Team.objects.create(organization=left.organization, name="Wards")
        below = Team.objects.create(organization=left.organization, name="Ward 3", parent=above)
    Membership.objects.filter(pk=left.twin.pk).update(team=below)
    left.twin.refresh_from_db()
    return below


@pytest.fixture
def token() -> Iterator[ConfigKey[str]]:
    """A key whose value is a secret; in the catalogue for this test only."""
    yield declare(
        "monitoring.test_token",
        Secret(),
        default="",
        label="Token",
        help="",
        effect="",
        layers="global organization",
    )
    config_keys._items.pop("monitoring.test_token")


def say(world: World, where: Where, key: ConfigKey[Any], *, platform: bool = False, **told: Any) -> None:
    """As the twin, who is an owner; or as the platform."""
    with acting_as(ANA), use_tenant(world.context):
        config.change(member=None if platform else world.twin, where=where, key=key, **told)
    snapshot.forget()


def holds(world: World, key: ConfigKey[Any], subject: Subject = Subject()) -> Any:  # noqa: B008
    with use_tenant(world.context):
        return resolve(key, subject)


def here(world: World) -> Where:
    return of_organization(world.organization.id)


def test_the_nearest_layer_that_says_something_decides(left: World, team: Team) -> None:
    mine = subject_of(left.twin)
    assert holds(left, SESSION_AGE, mine) == SESSION_AGE.default
    for where, value in ((EVERYWHERE, 7_200), (here(left), 3_600), (of_person(left.twin), 600)):
        say(left, where, SESSION_AGE, value=value, platform=where is EVERYWHERE)
        assert holds(left, SESSION_AGE, mine) == value
    assert holds(left, SESSION_AGE) == 3_600
    say(left, here(left), SESSION_AGE, value=UNSET)
    assert holds(left, SESSION_AGE) == 7_200


def test_nothing_of_it_is_the_neighbours(left: World, right: World) -> None:
    say(left, here(left), MESSAGE_LIMIT, value=500)
    assert holds(right, MESSAGE_LIMIT) == MESSAGE_LIMIT.default
    assert resolve_for(None, MESSAGE_LIMIT) == MESSAGE_LIMIT.default


def test_a_team_takes_after_the_team_it_is_part_of(left: World, team: Team) -> None:
    assert team.parent_id is not None
    of_companion = Subject(companion_team_id=team.id)
    say(left, of_team(left.organization.id, team.parent_id), TEMPERATURE, value=0.2)
    assert holds(left, TEMPERATURE, of_companion) == 0.2
    say(left, of_team(left.organization.id, team.id), TEMPERATURE, value=0.0)
    assert holds(left, TEMPERATURE, of_companion) == 0.0


def test_answers_go_by_the_team_of_the_companion_not_of_who_asks(left: World, team: Team) -> None:
    say(left, of_team(left.organization.id, team.id), TEMPERATURE, value=0.2)
    assert holds(left, TEMPERATURE, subject_of(left.twin)) is None


def test_a_lock_from_above_is_told_and_cannot_be_passed(left: World) -> None:
    say(left, of_person(left.twin), SESSION_AGE, value=600)
    say(left, here(left), SESSION_AGE, value=1_200, locked=True)
    assert holds(left, SESSION_AGE, subject_of(left.twin)) == 1_200
    with pytest.raises(Conflict, match="Organization") as refusal:
        say(left, of_person(left.twin), SESSION_AGE, value=700)
    assert refusal.value.code == "locked"
    say(left, of_person(left.twin), SESSION_AGE, value=UNSET)


def test_a_cap_holds_what_was_said_before_and_refuses_what_is_said_after(left: World) -> None:
    say(left, here(left), SESSION_AGE, value=7_200)
    say(left, EVERYWHERE, SESSION_AGE, cap=3_600, floor=60, platform=True)
    assert holds(left, SESSION_AGE) == 3_600
    with pytest.raises(Invalid, match=r"at least 1 min .*at most 1 h") as refusal:
        say(left, here(left), SESSION_AGE, value=3_601)
    assert (refusal.value.field, refusal.value.code) == ("value", "out_of_bounds")
    with pytest.raises(Invalid) as refusal:
        say(left, here(left), SESSION_AGE, cap=9_000)
    assert refusal.value.field == "cap"


def test_a_list_of_models_is_only_ever_narrowed(left: World, team: Team) -> None:
    say(left, EVERYWHERE, ALLOWED_MODELS, cap=["small", "large"], platform=True)
    say(left, here(left), ALLOWED_MODELS, value=["small"])
    assert holds(left, ALLOWED_MODELS) == ("small",)
    with pytest.raises(Invalid):
        say(left, of_team(left.organization.id, team.id), ALLOWED_MODELS, value=["secret-model"])


def test_the_explanation_names_who_when_and_what_it_stands_in_for(left: World) -> None:
    say(left, EVERYWHERE, MAX_OUTPUT_TOKENS, value=900, cap=1_000, platform=True)
    say(left, here(left), MAX_OUTPUT_TOKENS, value=800)
    with use_tenant(left.context):
        told = explain(MAX_OUTPUT_TOKENS)
    assert (told.value, told.settled.layer, told.shown) == (800, "organization", "800 tokens")
    assert told.settled.chosen is not None
    assert (told.settled.chosen.set_by, told.settled.chosen.set_at is None) == ("Ana", False)
    assert [(one.layer, one.value) for one in told.settled.overrode] == [("global", 900)]
    assert told.settled.cap_by is not None
    assert (told.settled.cap, told.settled.cap_by.layer, told.bounded) == (1_000, "global", False)


def test_members_set_what_is_personal_and_nothing_else(left: World) -> None:
    with use_tenant(left.context):
        config.set_value(member=left.member, where=of_person(left.member), key=SESSION_AGE, value=900)
        with pytest.raises(NotAllowed):
            config.set_value(member=left.member, where=here(left), key=SESSION_AGE, value=900)
        with pytest.raises(NotAllowed):
            config.set_value(member=left.twin, where=of_person(left.member), key=SESSION_AGE, value=900)
        with pytest.raises(Invalid):
            config.set_value(member=left.member, where=of_person(left.member), key=MESSAGE_LIMIT, value=900)
        Membership.objects.filter(pk=left.twin.pk).update(withheld_permissions=["config.edit"])
        left.twin.refresh_from_db()
        with pytest.raises(NotAllowed):
            config.set_value(member=left.twin, where=here(left), key=SESSION_AGE, value=900)


def test_an_owner_next_door_sets_nothing_here(left: World, right: World, team: Team) -> None:
    with use_tenant(left.context):
        for where in (here(right), EVERYWHERE):
            with pytest.raises(NotAllowed):
                config.set_value(member=left.twin, where=where, key=SESSION_AGE, value=900)
    with use_tenant(right.context), pytest.raises(NotFound):
        where = of_team(right.organization.id, team.id)
        config.set_value(member=right.twin, where=where, key=TEMPERATURE, value=1.0)


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"value": "800"}, "value"),
        ({"value": 99}, "value"),
        ({"cap": 500}, "cap"),
        ({"floor": "x"}, "floor"),
        ({"locked": True}, "locked"),
    ],
)
def test_what_cannot_be_says_which_field(left: World, told: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        say(left, here(left), MESSAGE_LIMIT, **told)
    assert refusal.value.field == field
    assert holds(left, MESSAGE_LIMIT) == MESSAGE_LIMIT.default


def test_addresses_to_notify_are_addresses(left: World) -> None:
    say(left, here(left), NOTIFY, value=["ops@aurora.example"])
    with pytest.raises(Invalid, match="ops@"):
        say(left, here(left), NOTIFY, value=["ops@"])


def test_a_change_is_in_the_trail_once_and_no_change_is_not(left: World) -> None:
    for _twice in range(2):
        say(left, here(left), MESSAGE_LIMIT, value=800)
    say(left, here(left), MESSAGE_LIMIT, value=UNSET)
    say(left, here(left), MESSAGE_LIMIT, value=UNSET)
    with use_tenant(left.context):
        told = [one.payload for one in ControlEvent.objects.filter(action="config.changed")]
    assert [(one["before"], one["after"]) for one in told] == [({}, {"value": 800}), ({"value": 800}, {})]


def test_who_changes_what_somebody_else_changed_is_told(left: World) -> None:
    say(left, here(left), MESSAGE_LIMIT, value=800, seen=0)
    with pytest.raises(StaleVersion):
        say(left, here(left), MESSAGE_LIMIT, value=900, seen=0)
    with use_tenant(left.context):
        own = explain(MESSAGE_LIMIT, at="organization").own
        assert own is not None
        seen = own.version
    say(left, here(left), MESSAGE_LIMIT, value=900, seen=seen)


def test_a_secret_is_used_and_never_shown(left: World, right: World, token: ConfigKey[str]) -> None:
    say(left, here(left), token, value="s3cr3t-word")
    assert holds(left, token) == "s3cr3t-word"
    with use_tenant(left.context):
        told = explain(token)
        assert (told.value, told.shown) == (True, "set")
        row = ConfigValue.objects.get(key=token.name)
        events = list(ControlEvent.objects.values_list("payload", flat=True))
    everything = [
        repr(told),
        repr(told.own),
        json.dumps(events),
        row.sealed,
        str(row.value),
        token.kind.write("x"),
    ]
    assert [one for one in everything if "s3cr3t" in one] == []
    say(left, here(left), token, value=UNSET)
    assert holds(left, token) == ""


def test_a_secret_carried_to_another_organization_does_not_open(
    left: World, right: World, token: ConfigKey[str]
) -> None:
    say(left, here(left), token, value="s3cr3t-word")
    say(right, here(right), token, value="other")
    with use_tenant(left.context):
        sealed = ConfigValue.objects.get(key=token.name).sealed
    with use_tenant(right.context):
        ConfigValue.objects.filter(key=token.name).update(sealed=sealed)
    snapshot.forget()
    with pytest.raises(CannotOpen):
        holds(right, token)


def test_what_a_key_no_longer_takes_says_nothing(left: World) -> None:
    with use_tenant(left.context):
        for key, value in ((MESSAGE_LIMIT.name, "many"), ("chats.long_gone", 1)):
            ConfigValue.objects.create(
                organization=left.organization, layer="organization", key=key, has_value=True, value=value
            )
    assert holds(left, MESSAGE_LIMIT) == MESSAGE_LIMIT.default


def test_there_is_one_row_for_each_place_even_where_it_has_no_organization(left: World) -> None:
    say(left, EVERYWHERE, MESSAGE_LIMIT, value=800, platform=True)
    with pytest.raises(IntegrityError), transaction.atomic(), rows_of(None):
        ConfigValue.objects.create(layer="global", key=MESSAGE_LIMIT.name)


def test_what_is_said_for_a_team_goes_with_it(left: World, team: Team) -> None:
    say(left, of_team(left.organization.id, team.id), TEMPERATURE, value=0.2)
    say(left, of_person(left.twin), SESSION_AGE, value=900)
    with use_tenant(left.context):
        team.delete()
        Membership.objects.get(pk=left.twin.pk).delete()
        assert not ConfigValue.objects.exists()


def test_every_key_of_the_catalogue_resolves_without_a_query_once_it_is_known(left: World) -> None:
    keys = [key for _name, key in config_keys.items()]
    with use_tenant(left.context):
        resolve_many(keys, subject_of(left.twin))
        with CaptureQueriesContext(connection) as asked:
            found = resolve_many(keys, subject_of(left.twin))
    assert len(asked) == 0
    assert set(found) == {key.name for key in keys}


def test_the_catalogue_covers_what_is_promised() -> None:
    assert set(catalogue.GROUPS) == {key.group for _name, key in config_keys.items()}
    assert all(key.effect for _name, key in config_keys.items())


def test_an_ordered_choice_has_a_floor(left: World) -> None:
    level = config_keys.get("encryption.level")
    assert isinstance(level.kind, OneOf)
    say(left, EVERYWHERE, level, floor="sealed", platform=True)
    assert holds(left, level) == "sealed"
    with pytest.raises(HumanaError):
        say(left, here(left), level, value="standard")
