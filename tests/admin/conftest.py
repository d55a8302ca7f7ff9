"""An operator at the console, and what the customer then reads."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from audit.models import AuditEntry
from audit.services.relay import relay_control_events
from tenants.context import use_tenant
from tenants.models import User
from tests.companions.conftest import _no_placement_is_thought_silent, database_down, mixed  # noqa: F401
from tests.fixtures.organizations import PASSWORD, World

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def english() -> Client:
    """A browser set to English: the catalogue is complete in other languages too."""
    return Client(headers={"accept-language": "en"})


@dataclass
class Desk:
    """Everything by HTTP, as a browser would do it."""

    user: User
    client: Client = field(default_factory=english)

    def __post_init__(self) -> None:
        self.client.force_login(self.user, backend=BACKEND)

    def take(self, world: World) -> None:
        answer = self.client.post(reverse("console-hand"), {"organization": world.organization.id})
        assert answer.status_code == 302

    def let_go(self) -> None:
        assert self.client.post(reverse("console-leave")).status_code == 302

    def begin_support(self, reason: str = "Ticket 42", minutes: object = 30) -> HttpResponse:
        answer: HttpResponse = self.client.post(
            reverse("console-support"), {"reason": reason, "minutes": minutes, "consent": "Ana"}
        )
        return answer

    def end_support(self) -> None:
        assert self.client.post(reverse("console-end-support")).status_code == 302

    def get(self, page: str, *args: object, **query: str) -> Any:
        """`get("chats_chat")` is its list, `get("chats_chat", id)` one of them."""
        return self.client.get(self.address(page, *args), query)

    def edit(self, page: str, *args: object, **changes: Any) -> Any:
        """Open the form, change some fields, save."""
        address = self.address(page, *args) if args else reverse(f"admin:{page}_add")
        shown = self.client.get(address)
        assert shown.status_code == 200, shown.content
        return self.client.post(address, filled(shown.context) | changes)

    def delete(self, page: str, key: object) -> Any:
        return self.client.post(reverse(f"admin:{page}_delete", args=[key]), {"post": "yes"})

    def act(self, page: str, action: str, *keys: object, confirmed: bool = True) -> Any:
        told = {"action": action, "_selected_action": [str(key) for key in keys]}
        return self.client.post(self.address(page), told | ({"confirmed": "yes"} if confirmed else {}))

    def address(self, page: str, *args: object) -> str:
        return reverse(f"admin:{page}_{'change' if args else 'changelist'}", args=args)


def filled(context: Any) -> dict[str, Any]:
    """What the form on the page would send as it stands."""
    told: dict[str, Any] = {}
    forms = [context["adminform"].form]
    forms += [one.formset.management_form for one in context["inline_admin_formsets"]]
    for form in forms:
        for bound in form:
            value = bound.value()
            if value is not None and value is not False:
                told[bound.html_name] = "on" if value is True else value
    return told


def trail(world: World) -> list[AuditEntry]:
    """What the customer reads, oldest first."""
    with use_tenant(world.context):
        relay_control_events()
        return list(AuditEntry.objects.order_by("sequence"))


def actions(world: World) -> list[str]:
    return [entry.action for entry in trail(world)]


def changed(world: World, action: str = "operator.changed") -> dict[str, Any]:
    """The operator's latest line of this kind."""
    entry = next(one for one in reversed(trail(world)) if one.action == action)
    assert (entry.actor_kind, entry.actor_label) == ("operator", "olga@humana.example")
    told: dict[str, Any] = json.loads(entry.payload)
    return told


def problems(answer: Any) -> dict[str, list[str]]:
    """What the form says is wrong, after a save that did not happen."""
    assert answer.status_code == 200
    return dict(answer.context["adminform"].form.errors)


@pytest.fixture
def operator(db: None) -> Desk:
    return Desk(User.objects.create_user("olga@humana.example", PASSWORD, name="Olga", is_staff=True))


@pytest.fixture
def superuser(db: None) -> Desk:
    return Desk(User.objects.create_superuser("root@humana.example", PASSWORD, name="Root"))


@pytest.fixture(params=["operator", "superuser"])
def anybody(request: pytest.FixtureRequest) -> Desk:
    """Operators of both kinds, between whom there must be no difference."""
    desk: Desk = request.getfixturevalue(request.param)
    return desk
