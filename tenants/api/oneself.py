"""One's own sign-ins, and leaving, for programs. They are a person's own, so a session needs no permission;
a key made for less needs the scope.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, cast

from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from humana.api.schema import operation
from humana.api.shapes import Shape
from humana.api.views import ApiView
from humana.kernel.errors import NotFound, Unauthenticated
from tenants.devices import Device, devices, sign_out_elsewhere, sign_out_there
from tenants.doors import Visitor, require_of
from tenants.models import User
from tenants.permissions import OWN_ACCOUNT
from tenants.services.members import leave


class IsOneself(BasePermission):
    """A member by session, or by a key that may do this in their name."""

    def has_permission(self, request: Request, view: Any) -> bool:
        visitor = cast("Visitor | None", request.auth)
        if visitor is None:
            raise Unauthenticated(_("Sign in, or send an API key: Authorization: Bearer hk_…"))
        if visitor.key is not None:
            require_of(visitor, OWN_ACCOUNT.name)
        return True


class DeviceShape(Shape, frozen=True):
    """A sign-in. `browser` and `system` are what it says it is, empty where it says nothing; `here` is the
    one that asks.
    """

    id: uuid.UUID
    browser: str
    system: str
    address: str
    since: datetime
    here: bool


class Devices(Shape, frozen=True):
    """All of them."""

    results: list[DeviceShape]


class SignedOut(Shape, frozen=True):
    """On how many devices."""

    ended: int


class DeviceListView(ApiView):
    """Where one is signed in; few, so they come at once."""

    permission_classes = [IsOneself]

    @operation("listMyDevices", "Where I am signed in, the one that asks first", gives=Devices)
    def get(self, request: Request) -> HttpResponse:
        found = devices(cast("User", request.user), here=_here(request))
        return self.answer(Devices([_shape(one) for one in found]))

    @operation(
        "signOutElsewhere",
        "Sign out on every other device; with a key, on every device",
        gives=SignedOut,
    )
    def delete(self, request: Request) -> HttpResponse:
        self.no_body()
        return self.answer(SignedOut(sign_out_elsewhere(cast("User", request.user), here=_here(request))))


class DeviceView(ApiView):
    """One device."""

    permission_classes = [IsOneself]

    @operation("signOutDevice", "Sign out there", status=204)
    def delete(self, request: Request, device_id: uuid.UUID) -> HttpResponse:
        self.no_body()
        if not sign_out_there(cast("User", request.user), device_id, here=_here(request)):
            raise NotFound(_("There is nothing here."))
        return self.nothing()


class LeaveView(ApiView):
    """Leaving the organization."""

    permission_classes = [IsOneself]

    @operation(
        "leaveOrganization",
        "Leave: my keys here stop working at once, this one too; what I wrote stays",
        status=204,
    )
    def post(self, request: Request) -> HttpResponse:
        self.no_body()
        leave(member=self.member)
        return self.nothing()


def _here(request: Request) -> str | None:
    """The session that asks; a program's request is none."""
    visitor = cast("Visitor", request.auth)
    return None if visitor.key else request._request.session.session_key


def _shape(one: Device) -> DeviceShape:
    return DeviceShape(one.id, one.browser, one.system, one.address, one.since, one.here)
