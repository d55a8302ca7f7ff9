"""What is configured is what happens: sessions, passwords, keys, the trail, language and times."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from audit.models import AuditEntry
from humana.kernel.errors import Invalid
from humana.kernel.ports import record_trail
from tenants.config.snapshot import snapshot
from tenants.config_keys import ENCRYPTION_LEVEL, KEY_DAYS, LANGUAGE, PASSWORD_LENGTH, SESSION_AGE, TIME_ZONE
from tenants.context import use_tenant
from tenants.models import ApiKey
from tenants.services.config import change, of_organization, of_person
from tenants.services.keys import create_api_key
from tenants.sessions import SIGNED_IN_AT
from tenants.transactions import tenant_atomic
from tests.fixtures.organizations import World

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture(autouse=True)
def _read_anew() -> Iterator[None]:
    snapshot.forget()
    yield
    snapshot.forget()


def say(world: World, key: Any, value: Any) -> None:
    with use_tenant(world.context):
        change(member=world.owner, where=of_organization(world.organization.id), key=key, value=value)
    snapshot.forget()


def signed_in(world: World, seconds_ago: int = 0) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(world.member.user, backend=BACKEND)
    session = client.session
    session[SIGNED_IN_AT] = time.time() - seconds_ago
    session.save()
    return client


def test_a_session_lasts_as_long_as_the_organization_says(left: World, right: World) -> None:
    client, address = signed_in(left, seconds_ago=700), f"/o/{left.slug}/companions/"
    assert client.get(address).status_code == 200
    say(right, SESSION_AGE, 60)
    assert client.get(address).status_code == 200, "what is said next door holds there"
    say(left, SESSION_AGE, 600)
    answer = client.get(address)
    assert (answer.status_code, "/accounts/login/" in answer.headers["Location"]) == (302, True)
    assert "_auth_user_id" not in client.session
    assert signed_in(left).get(address).status_code == 200


def test_who_wants_a_shorter_session_has_one(left: World) -> None:
    with use_tenant(left.context):
        change(member=left.member, where=of_person(left.member), key=SESSION_AGE, value=60)
    snapshot.forget()
    assert signed_in(left, seconds_ago=61).get(f"/o/{left.slug}/companions/").status_code == 302


def test_a_program_with_a_session_is_told_that_it_is_over(left: World) -> None:
    say(left, SESSION_AGE, 600)
    named = {"Humana-Organization": left.slug}
    answer = signed_in(left, seconds_ago=601).get("/api/v1/companions/", headers=named)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "session_over")
    assert signed_in(left).get("/api/v1/companions/", headers=named).status_code == 200


def test_a_sign_in_is_remembered_by_its_moment(left: World) -> None:
    client = Client()
    client.force_login(left.member.user, backend=BACKEND)
    assert time.time() - client.session[SIGNED_IN_AT] < 60


def test_passwords_are_as_long_as_the_strictest_organization_asks(left: World) -> None:
    validate_password("quiet-harbour", left.member.user)
    say(left, PASSWORD_LENGTH, 20)
    with pytest.raises(ValidationError, match="at least 20 characters"):
        validate_password("quiet-harbour", left.member.user)
    validate_password("quiet-harbour", None)


def test_keys_end_when_the_organization_says(left: World) -> None:
    say(left, KEY_DAYS, 30)
    key: ApiKey = create_api_key(member=left.twin, name="Night")[0]
    assert key.expires_at is not None
    assert key.expires_at <= timezone.now() + timedelta(days=30)
    with pytest.raises(Invalid) as refusal:
        create_api_key(member=left.twin, name="Year", expires_at=timezone.now() + timedelta(days=365))
    assert refusal.value.field == "expires_at"


def test_entries_are_marked_as_sealed_where_all_must_be(left: World) -> None:
    marked = []
    for level in ("standard", "sealed"):
        say(left, ENCRYPTION_LEVEL, level)
        with use_tenant(left.context), tenant_atomic():
            record_trail(action="test.done", resource_type="organization", resource_id=left.organization.id)
        with use_tenant(left.context):
            marked.append(
                AuditEntry.objects.filter(action="test.done").latest("sequence").encryption_required
            )
    assert marked == [False, True]


def test_members_without_a_language_get_that_of_the_organization(left: World) -> None:
    say(left, LANGUAGE, "pt-br")
    say(left, TIME_ZONE, "Asia/Tokyo")
    answer = signed_in(left).get(f"/o/{left.slug}/settings/")
    assert answer.headers["Content-Language"] == "pt-br"
    assert '<html lang="pt-br"' in answer.content.decode()
    type(left.member.user).objects.filter(pk=left.member.user_id).update(language="en")
    assert signed_in(left).get(f"/o/{left.slug}/settings/").headers["Content-Language"] == "en"
    with pytest.raises(Invalid):
        say(left, TIME_ZONE, "Mars/Olympus")
