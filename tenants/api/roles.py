"""Roles for programs: the same services as the pages. Built-in roles are told and stay as they are."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from humana.api.schema import operation
from humana.api.versions import expected
from humana.api.views import ApiView
from tenants.api import people_shapes as shapes
from tenants.permissions import MEMBERS, SEE_STRUCTURE
from tenants.queries import access_role, roles_of
from tenants.services.roles import create_role, edit_role, effect_of, remove_role
from tenants.services.structuring import version_of

READ_AND_WRITE = {
    "GET": SEE_STRUCTURE.name,
    "POST": MEMBERS.name,
    "PATCH": MEMBERS.name,
    "DELETE": MEMBERS.name,
}


class RoleListView(ApiView):
    """Every role of the organization with what it may do; few, so they come at once."""

    permissions = READ_AND_WRITE

    @operation("listRoles", "Roles, the built-in ones first", gives=shapes.Roles)
    def get(self, request: Request) -> HttpResponse:
        own = [shapes.own_role(one) for one in roles_of(self.member.organization)]
        return self.answer(shapes.Roles([*shapes.built_in_roles(), *own]))

    @operation(
        "createRole", "Make a role of its own", takes=shapes.RoleInput, gives=shapes.RoleShape, status=201
    )
    def post(self, request: Request) -> HttpResponse:
        told: Any = self.body(shapes.RoleInput)
        row = create_role(member=self.member, key=self.visitor.key, **told)
        address = f"/api/v1/roles/{row.id}/"
        return self.answer(shapes.own_role(row), status=201, version=version_of(row), location=address)


class RoleView(ApiView):
    """One of the organization's own roles."""

    permissions = READ_AND_WRITE

    @operation("readRole", "One role of the organization's own", gives=shapes.RoleShape)
    def get(self, request: Request, role_id: uuid.UUID) -> HttpResponse:
        row = access_role(member=self.member, role_id=role_id)
        return self.answer(shapes.own_role(row), version=version_of(row))

    @operation(
        "editRole",
        "Rename a role or change what it permits; it holds at the next request of whoever has it",
        takes=shapes.RoleInput,
        gives=shapes.RoleShape,
    )
    def patch(self, request: Request, role_id: uuid.UUID) -> HttpResponse:
        row = access_role(member=self.member, role_id=role_id)
        wanted: Any = self.body(shapes.RoleInput, partial=True)
        version = expected(request, version_of(row))
        row = edit_role(member=self.member, role=row, version=version, key=self.visitor.key, **wanted)
        return self.answer(shapes.own_role(row), version=version_of(row))

    @operation("removeRole", "Remove a role that nobody has; 409 says who does", status=204)
    def delete(self, request: Request, role_id: uuid.UUID) -> HttpResponse:
        row = access_role(member=self.member, role_id=role_id)
        self.no_body()
        version = expected(request, version_of(row))
        remove_role(member=self.member, role=row, version=version, key=self.visitor.key)
        return self.nothing()


class RoleEffectView(ApiView):
    """What a change would do, before it is made."""

    permission = MEMBERS.name

    @operation(
        "previewRole",
        "Who would gain and who would lose what, if the role permitted exactly this",
        takes=shapes.RoleWanted,
        gives=shapes.RoleEffect,
    )
    def post(self, request: Request, role_id: uuid.UUID) -> HttpResponse:
        row = access_role(member=self.member, role_id=role_id)
        return self.answer(shapes.effect(effect_of(row, self.body(shapes.RoleWanted)["permissions"])))


class DissolveRoleView(ApiView):
    """A role that goes, and which one they get who have it."""

    permission = MEMBERS.name

    @operation(
        "dissolveRole",
        "Give whoever has the role, or is invited to it, another one, and remove it",
        takes=shapes.RoleHeir,
        status=204,
    )
    def post(self, request: Request, role_id: uuid.UUID) -> HttpResponse:
        row = access_role(member=self.member, role_id=role_id)
        remove_role(member=self.member, role=row, key=self.visitor.key, **self.body(shapes.RoleHeir))
        return self.nothing()
