"""Signing in by two steps: with an app, with a recovery code, because one wants to or because one has to."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.management import CommandError, call_command
from django.test import Client

from tenants.config.snapshot import snapshot
from tenants.config_keys import TWO_STEP
from tenants.context import use_tenant
from tenants.models import ControlEvent, Membership, User
from tenants.services.config import change, of_organization
from tests.api.conftest import Program, program_of, refused
from tests.fixtures.organizations import PASSWORD, World, join
from tests.pages.conftest import signed_in
from tests.pages.reading import Page

pytestmark = pytest.mark.django_db
ON, OFF, CODES = (
    "/accounts/2fa/totp/activate/",
    "/accounts/2fa/totp/deactivate/",
    "/accounts/2fa/recovery-codes/",
)
ASKED = "/accounts/2fa/authenticate/"


def code(secret: str, ahead: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + ahead))


def sign_in(who: User) -> tuple[Client, Any]:
    client = Client(headers={"accept-language": "en"})
    return client, client.post("/accounts/login/", {"login": who.email, "password": PASSWORD})


def turn_on(client: Client) -> tuple[str, list[str]]:
    """The secret and the recovery codes, as the pages show them."""
    client.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": ON})
    page = client.get(ON)
    secret: str = page.context["form"].secret
    assert secret not in str(dict(client.session)), "sealed there too"
    done = client.post(ON, {"code": code(secret)})
    assert done.status_code == 302, done.content
    return secret, list(client.get(CODES).context["unused_codes"])


def trail(world: World) -> list[str]:
    with use_tenant(world.context):
        rows = ControlEvent.objects.filter(action__startswith="second_step").order_by("id")
        return [one.removeprefix("second_step.") for one in rows.values_list("action", flat=True)]


def ask_everybody(world: World) -> None:
    with use_tenant(world.context):
        change(member=world.owner, where=of_organization(world.organization.id), key=TWO_STEP, value=True)
    snapshot.forget()


@pytest.fixture(autouse=True)
def _read_anew() -> Iterator[None]:
    snapshot.forget()
    yield
    snapshot.forget()


def test_from_turning_it_on_to_turning_it_off(left: World) -> None:
    who = left.member.user
    other, _answer = sign_in(who)
    client, _answer = sign_in(who)
    secret, codes = turn_on(client)
    again = client.get(CODES).content.decode()
    assert (len(codes), [one for one in codes if one in again]) == (10, []), "shown once"
    kept = json.dumps(list(Authenticator.objects.filter(user=who).values_list("data", flat=True)))
    assert secret not in kept, "sealed"
    assert client.get("/o/left/").status_code == 200
    assert other.get("/o/left/").status_code == 302, "who came by the password alone is out"
    later, answer = sign_in(who)
    assert answer["Location"].startswith(ASKED)
    assert later.get("/o/left/").status_code == 302, "not in yet"
    assert later.post(ASKED, {"code": "000000"}).status_code == 200
    used = code(secret, 1)
    assert later.post(ASKED, {"code": used}).status_code == 302
    assert later.get("/o/left/").status_code == 200
    replayed, _answer = sign_in(who)
    assert replayed.post(ASKED, {"code": used}).status_code == 200, "a code is good once"
    assert replayed.post(ASKED, {"code": codes[0]}).status_code == 302
    twice, _answer = sign_in(who)
    assert twice.post(ASKED, {"code": codes[0]}).status_code == 200
    words = Page(client.get("/o/left/settings/two-step/")).words
    assert ("It is on" in words, "9 are left" in words) == (True, True)
    assert client.post(OFF).status_code == 302
    _fresh, answer = sign_in(who)
    assert answer["Location"] == "/"
    assert trail(left) == ["turned_on", "new_codes", "turned_off"]


def test_codes_cannot_be_guessed(left: World) -> None:
    client, _answer = sign_in(left.member.user)
    secret, _codes = turn_on(client)
    guesser, _answer = sign_in(left.member.user)
    for n in range(12):
        guesser.post(ASKED, {"code": f"{n:06}"})
    assert guesser.post(ASKED, {"code": code(secret, 1)}).status_code == 200, "too many attempts"


def test_turning_it_on_or_off_asks_who_it_is(left: World) -> None:
    client = signed_in(left.member)
    assert "/reauthenticate/" in client.get(ON)["Location"], "an open session alone does not do it"
    mine, _answer = sign_in(left.member.user)
    turn_on(mine)
    stolen = signed_in(left.member)
    for address in (OFF, f"{CODES}generate/"):
        assert "/reauthenticate/" in stolen.post(address)["Location"]
    assert "/reauthenticate/" in stolen.get(CODES)["Location"]


def test_an_organization_asks_it_of_whoever_has_a_password(left: World) -> None:
    client, _answer = sign_in(left.member.user)
    assert client.get("/o/left/").status_code == 200
    program = program_of(left.member)
    ask_everybody(left)
    page = client.get("/o/left/", follow=True)
    assert "where you were going asks for it" in Page(page).words
    assert client.post("/o/left/settings/profile/", {"name": "x"}).status_code == 403
    answer = client.get("/api/v1/me/", headers={"Humana-Organization": "left"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "second_step_needed")
    assert program.get("me/").status_code == 200, "a key is no sign-in"
    turn_on(client)
    assert client.get("/o/left/").status_code == 200
    client.post(OFF)
    assert Authenticator.objects.filter(user=left.member.user, type="totp").exists(), "it has to stay"
    User.objects.filter(id=left.twin.user_id).update(password="!none")
    assert signed_in(Membership.objects.get(id=left.twin.id)).get("/o/left/").status_code == 200, (
        "by their provider"
    )


def test_operators_come_in_by_two_steps_only(settings: Any, left: World) -> None:
    operator = User.objects.create_user("op@humana.example", PASSWORD, is_staff=True, is_superuser=True)
    client, _answer = sign_in(operator)
    assert client.get("/admin/").status_code == 200
    settings.HUMANA_OPERATORS_TWO_STEP = True
    for address in ("/admin/", "/admin/tenants/organization/", "/admin/tenants/organization/add/"):
        for method in (client.get, client.post):
            assert method(address)["Location"] == "/accounts/2fa/?needed=1", address
    turn_on(client)
    assert client.get("/admin/").status_code == 200
    client.post(OFF)
    assert Authenticator.objects.filter(user=operator, type="totp").exists()
    call_command("reset_second_step", email=operator.email, stdout=StringIO())
    assert client.get("/admin/")["Location"].startswith("/admin/login/"), "signed out everywhere"
    _again, answer = sign_in(operator)
    assert answer["Location"] == "/", "by the password alone, and then to set it up"
    with pytest.raises(CommandError):
        call_command("reset_second_step", email=operator.email)


def test_who_lost_it_is_let_in_by_somebody_who_may_answer_for_it(left: World, right: World) -> None:
    mine, _answer = sign_in(left.member.user)
    turn_on(mine)
    boss, address = signed_in(left.owner), f"/o/left/settings/members/{left.member.id}/"
    assert "Reset the second step" in Page(boss.get(address)).words
    assert signed_in(left.member).post(f"{address}second-step/reset/").status_code == 403
    assert boss.post(f"{address}second-step/reset/").status_code == 302
    assert not Authenticator.objects.filter(user=left.member.user).exists()
    assert mine.get("/o/left/").status_code == 302
    assert trail(left) == ["turned_on", "new_codes", "turned_off", "reset"]
    program = program_of(left.owner)
    refused(program.delete(f"members/{left.member.id}/second-step/"), 409, "no_second_step")
    twin, _answer = sign_in(left.twin.user)
    turn_on(twin)
    refused(program.delete(f"members/{left.twin.id}/second-step/"), 403, "not_only_here")
    admin = join(left.organization, User.objects.create_user("ada@left.example", PASSWORD), "admin")
    refused(program_of(admin).delete(f"members/{left.owner.id}/second-step/"), 403, "above")
    refused(Program(right.key).delete(f"members/{left.member.id}/second-step/"), 404, "not_found")


def test_an_address_that_waits_for_its_link_locks_nobody_out(client: Client) -> None:
    told = {
        "name": "Eve",
        "organization": "Eve",
        "email": "victim@x.example",
        "password1": "quiet-harbour-72",
    }
    client.post("/accounts/signup/", told)
    client.post("/accounts/reauthenticate/", {"password": "quiet-harbour-72", "next": ON})
    page = client.get(ON)
    assert client.post(ON, {"code": code(page.context["form"].secret)}).status_code == 200
    assert not Authenticator.objects.exists()
