"""The operators' console: with one organization in hand, nothing of another one, wherever both live."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.db.models import Model
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from tenants.console import InHandAdmin
from tenants.models import User
from tests.fixtures.organizations import PASSWORD, World
from tests.isolation.routes import nobody, routes
from tests.isolation.snapshots import everything_of
from tests.isolation.worlds import every_pair

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"

#: Pages whose rows belong to one organization; the others show the platform.
IN_HAND: list[type[Model]] = [
    model for model, page in admin.site._registry.items() if isinstance(page, InHandAdmin)
]
#: Addresses that anybody may ask: they lead to sign-in, or hold no rows.
ANYBODY = {"admin/login/", "admin/logout/", "admin/jsi18n/"}


@pytest.fixture
def operator(db: None) -> Client:
    return an_operator()


def an_operator() -> Client:
    client = Client()
    user = User.objects.create_user("olga@humana.example", PASSWORD, name="Olga", is_staff=True)
    client.force_login(user, backend=BACKEND)
    return client


def take_in_hand(operator: Client, world: World) -> None:
    answer = operator.post(reverse("console-hand"), {"organization": world.organization.id})
    assert answer.status_code == 302


def inside(operator: Client, world: World) -> Client:
    """The organization in hand and a support session open: as much as an operator can have."""
    take_in_hand(operator, world)
    told = {"reason": "Ticket 42", "minutes": 30, "consent": "Ana"}
    assert operator.post(reverse("console-support"), told).status_code == 302
    return operator


def address(model: type[Model], way: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{way}", args=args)


def ids_of(world: World) -> set[str]:
    """Of everything: rows of the tenant plane and of the control plane that are only theirs."""
    rows = {str(row["id"]) for rows in everything_of(world).values() for row in rows}
    return rows | {str(one.pk) for one in (world.owner, world.member, world.twin)}


@every_pair
def test_lists_hold_only_what_is_in_hand(operator: Client, left: World, right: World) -> None:
    theirs, desk = ids_of(right), inside(operator, left)
    for model in IN_HAND:
        for words in ("", "?q=budget", "?q=clara", f"?q={right.slug}"):
            shown = desk.get(address(model, "changelist") + words)
            assert shown.status_code == 200, model._meta.label
            assert [one for one in theirs if one in shown.content.decode()] == [], model._meta.label


def ways_to(model: type[Model], key: object) -> list[tuple[str, str]]:
    return [(method, address(model, way, key)) for way in ("change", "delete") for method in ("get", "post")]


def told(answer: HttpResponse) -> tuple[int, str]:
    return answer.status_code, answer.headers.get("Location", "")


def row_in(world: World, model: type[Model]) -> Any:
    """One of their rows, if the fixture made any."""
    if model in world.rows:
        return world.rows[model]
    rows: Any = model._default_manager
    return rows.filter(organization=world.organization).first()


@every_pair
def test_rows_of_another_organization_are_missing(operator: Client, left: World, right: World) -> None:
    before, desk, tried = everything_of(right), inside(operator, left), 0
    for model in IN_HAND:
        row = row_in(right, model)
        for method, path in ways_to(model, row.pk) if row else ():
            answer: HttpResponse = getattr(desk, method)(path)
            assert told(answer) in {(302, "/admin/"), (403, ""), (404, "")}, path
            tried += 1
    assert tried > len(IN_HAND)
    assert everything_of(right) == before


@every_pair
def test_ones_own_rows_are_shown(operator: Client, left: World) -> None:
    """The control of the test above: it is isolation that said no."""
    desk = inside(operator, left)
    for model in IN_HAND:
        row = row_in(left, model)
        if row is not None:
            assert desk.get(address(model, "change", row.pk)).status_code == 200, model._meta.label


def test_an_owner_is_no_operator(left: World) -> None:
    client = Client()
    client.force_login(left.owner.user, backend=BACKEND)
    answers = {path: told(client.get(path)) for path in every_address()}
    assert len(answers) > len(IN_HAND)
    assert {path: answer for path, answer in answers.items() if not turned_away(answer)} == {}


def every_address() -> list[str]:
    """Django's console ends with a pattern for everything that is left."""
    known = [one for one in routes("admin/") if one.template not in ANYBODY]
    return [one.address("", nobody(one)) if "(?P" not in one.template else "/admin/anything" for one in known]


def turned_away(answer: tuple[int, str]) -> bool:
    status, location = answer
    return status in {403, 404} or (status == 302 and "/admin/login/" in location)
