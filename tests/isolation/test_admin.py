"""The operators' console: with one organization in hand, nothing of another one, wherever both live."""

from __future__ import annotations

from itertools import count, cycle
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Model
from django.forms import ModelChoiceField
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from byoc.console_endpoints import OwnOrInHand
from tenants.console import InHandAdmin
from tenants.context import use_tenant
from tenants.models import User
from tests.fixtures.organizations import PASSWORD, World
from tests.fixtures.rows import CONTROL_MAKERS, MAKERS
from tests.isolation.routes import nobody, routes
from tests.isolation.snapshots import everything_of
from tests.isolation.worlds import each_in_some_pair, every_pair_in_ci

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"

#: Pages whose rows belong to one organization; the others show the platform.
IN_HAND: list[type[Model]] = [
    model for model, page in admin.site._registry.items() if isinstance(page, InHandAdmin | OwnOrInHand)
]
_fresh = count(1000)
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


@every_pair_in_ci
def test_lists_hold_only_what_is_in_hand(operator: Client, left: World, right: World) -> None:
    theirs, desk = ids_of(right), inside(operator, left)
    searches = cycle(("?q=budget", "?q=clara", f"?q={right.slug}"))
    for model, search in zip(IN_HAND, searches, strict=False):
        for words in ("", search):
            shown = desk.get(address(model, "changelist") + words)
            assert shown.status_code == 200, model._meta.label
            assert [one for one in theirs if one in shown.content.decode()] == [], model._meta.label


def ways_to(model: type[Model], key: object) -> list[tuple[str, str]]:
    return [(method, address(model, way, key)) for way in ("change", "delete") for method in ("get", "post")]


def told(answer: HttpResponse) -> tuple[int, str]:
    return answer.status_code, answer.headers.get("Location", "")


def row_in(world: World, model: type[Model]) -> Any:
    """One of their rows; None where the fixture made none, which fails below."""
    if model in world.rows:
        return world.rows[model]
    rows: Any = model._default_manager
    return rows.filter(organization=world.organization).first()


@every_pair_in_ci
def test_every_page_has_a_row_in_both_worlds(left: World, right: World) -> None:
    for world in (left, right):
        with use_tenant(world.context):
            assert [one._meta.label for one in IN_HAND if row_in(world, one) is None] == []


@every_pair_in_ci
def test_rows_of_another_organization_are_missing(operator: Client, left: World, right: World) -> None:
    before, desk, tried = everything_of(right), inside(operator, left), 0
    for model in IN_HAND:
        for method, path in ways_to(model, row_in(right, model).pk):
            answer: HttpResponse = getattr(desk, method)(path)
            assert told(answer) in {(302, "/admin/"), (403, ""), (404, "")}, path
            tried += 1
    assert tried == 4 * len(IN_HAND)
    assert everything_of(right) == before


@every_pair_in_ci
def test_ones_own_rows_are_shown(operator: Client, left: World) -> None:
    """The control of the test above: it is isolation that said no."""
    desk = inside(operator, left)
    for model in IN_HAND:
        row = row_in(left, model)
        assert desk.get(address(model, "change", row.pk)).status_code == 200, model._meta.label


def lookups_of(model: type[Model]) -> set[str]:
    """What may stand in the address of the list, by any spelling that Django knows, and what may not."""
    page: Any = admin.site._registry[model]
    named = [one[0] if isinstance(one, tuple | list) else one for one in page.list_filter]
    names = {str(one) for one in named if isinstance(one, str)} | set(page.lookups) | {"organization"}
    return {f"{name}{way}" for name in names for way in ("", "__exact")} | {"organization__slug"}


@pytest.mark.battery
@each_in_some_pair("label", [one._meta.label for one in IN_HAND])
def test_no_filter_finds_what_belongs_to_another_organization(
    label: str, operator: Client, left: World, right: World
) -> None:
    """By their ids, in every lookup: refused, or nothing of theirs."""
    model = apps.get_model(label)
    desk, theirs = inside(operator, left), row_in(right, model)
    for lookup in sorted(lookups_of(model)):
        for value in (theirs.pk, right.organization.pk, right.slug):
            shown = desk.get(address(model, "changelist"), {lookup: str(value)})
            assert shown.status_code in {200, 302, 400}, lookup
            owners = {getattr(row, "organization_id", None) for row in rows_shown(shown)}
            assert owners <= {left.organization.pk}, lookup


def rows_shown(answer: Any) -> list[Any]:
    context = getattr(answer, "context_data", None) or {}
    return list(context["cl"].result_list) if "cl" in context else []


@every_pair_in_ci
def test_no_action_reaches_rows_of_another_organization(operator: Client, left: World, right: World) -> None:
    """Their ids among those chosen, confirmed at once, alone and with “all of them”."""
    before, desk, tried = everything_of(right), inside(operator, left), 0
    for model in IN_HAND:
        for action in admin.site._registry[model].actions or ():
            for across in ("0", "1"):
                told = {
                    "action": str(action),
                    ACTION_CHECKBOX_NAME: [str(row_in(right, model).pk)],
                    "select_across": across,
                    "confirmed": "1",
                }
                desk.post(address(model, "changelist"), told)
                tried += 1
    assert tried >= 8
    assert everything_of(right) == before


@every_pair_in_ci
def test_no_form_points_at_rows_of_another_organization(operator: Client, left: World, right: World) -> None:
    """Every choice of a row in every form, added and changed; with a row of one's own it is saved."""
    before, desk, tried = everything_of(right), inside(operator, left), set()
    for model in IN_HAND:
        for path in (address(model, "add"), address(model, "change", row_in(left, model).pk)):
            choices = choices_in(desk, path)
            for name, target, shown in choices:
                beside = {other: str(row_in(left, one).pk) for other, one, _ in choices if other != name}
                values = {**beside, **shown}
                their = desk.post(path, {**values, name: str(row_in(right, target).pk)})
                assert their.status_code == 200, f"{path} {name}"
                assert name in their.context_data["adminform"].form.errors, f"{path} {name}"
                own = desk.post(path, {**values, name: str(another(left, target).pk)})
                assert own.status_code == 302, f"{path} {name}"
                tried.add((model._meta.model_name, name))
    assert {("team", "parent"), ("position", "reports_to"), ("membership", "team")} <= tried
    assert everything_of(right) == before


def choices_in(desk: Client, path: str) -> list[tuple[str, type[Model], dict[str, Any]]]:
    """Fields of the form that name a row, what they name, and the form as it is shown otherwise."""
    answer = desk.get(path)
    context = getattr(answer, "context_data", None) or {}
    if answer.status_code != 200 or "adminform" not in context:
        return []
    form = context["adminform"].form
    shown = {name: form[name].value() for name in form.fields}
    values = {name: value for name, value in shown.items() if value is not None and value is not False}
    if form.instance._state.adding:
        values |= {name: "Anew" for name in ("name", "title") if name in form.fields}
    if "level" in form.fields:
        values["level"] = 9  # below whatever it reports to
    fields = {name: one for name, one in form.fields.items() if isinstance(one, ModelChoiceField)}
    return [(name, one.queryset.model, values) for name, one in fields.items()]


def another(world: World, model: type[Model]) -> Any:
    """A row of the same organization beside the look-alike."""
    with use_tenant(world.context):
        make = CONTROL_MAKERS.get(model) or MAKERS[model]
        row = make(world, next(_fresh))
        row.save()
    return row


@every_pair_in_ci
def test_nothing_is_completed_from_another_organization(operator: Client, left: World, right: World) -> None:
    desk, theirs = inside(operator, left), ids_of(right)
    for model in IN_HAND:
        for field in (one for one in model._meta.local_fields if one.is_relation):
            asked = {
                "app_label": model._meta.app_label,
                "model_name": model._meta.model_name,
                "field_name": field.name,
                "term": "",
            }
            answer = desk.get(reverse("admin:autocomplete"), asked)
            assert answer.status_code in {200, 403, 404}, field
            assert [one for one in theirs if one in answer.content.decode()] == [], field


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
