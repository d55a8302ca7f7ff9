"""Me, and the keys of my organization."""

from __future__ import annotations

import uuid
from typing import Any, cast

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from humana.api.authentication import IsPerson, PersonAuthentication
from humana.api.lists import ListView
from humana.api.schema import operation
from humana.api.shapes import NameRef
from humana.api.versions import expected
from humana.api.views import ApiView
from humana.kernel.errors import NotFound
from tenants.api import serializers
from tenants.doors import Visitor
from tenants.models import ApiKey, Membership, User
from tenants.permissions import KEYS, permissions_of
from tenants.queries import keys_of, memberships_of
from tenants.services.keys import create_api_key, revoke_api_key
from tenants.services.people import edit_person
from tenants.services.structuring import version_at


class MeView(ApiView):
    """The person who asks. Needs no organization: a session alone lists where one may go."""

    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation("readMe", "Who am I, and what may I do here", gives=serializers.Me)
    def get(self, request: Request) -> HttpResponse:
        return self._me(cast("User", request.user))

    @operation(
        "editMe",
        "Change my name, language, theme, time zone, or the organization in which I arrive",
        takes=serializers.MeInput,
        gives=serializers.Me,
    )
    def patch(self, request: Request) -> HttpResponse:
        user = cast("User", request.user)
        version = expected(request, version_at(user.updated_at))
        changes: Any = self.body(serializers.MeInput, partial=True)
        if "primary_organization" in changes:
            changes["primary_organization_id"] = self._where(user, changes.pop("primary_organization"))
        return self._me(edit_person(user=user, version=version, **changes))

    def _where(self, user: User, slug: str) -> uuid.UUID:
        """NotFound for where they do not work; a key knows of its own organization only."""
        visitor = cast("Visitor | None", self.request.auth)
        theirs = {one.organization.slug: one.organization_id for one in _where(user, visitor)}
        if slug not in theirs:
            raise NotFound(_("There is nothing here."), field="primary_organization")
        return theirs[slug]

    def _me(self, user: User) -> HttpResponse:
        visitor = cast("Visitor | None", self.request.auth)
        here = serializers.belonging(visitor.member) if visitor else None
        shape = serializers.Me(
            person=serializers.person(user),
            organization=here.organization if here else None,
            role=here.role if here else None,
            permissions=_rights(visitor) if visitor else [],
            key=serializers.key_in_use(visitor.key) if visitor and visitor.key else None,
            memberships=[serializers.belonging(one) for one in _where(user, visitor)],
        )
        return self.answer(shape, version=version_at(user.updated_at))


def _where(user: User, visitor: Visitor | None) -> list[Membership]:
    """A key belongs to one organization and is told of no other."""
    return [visitor.member] if visitor and visitor.key else list(memberships_of(user))


def _rights(visitor: Visitor) -> list[str]:
    rights = permissions_of(visitor.member)
    return sorted(rights & set(visitor.key.scopes) if visitor.key and visitor.key.scopes else rights)


class KeyListView(ListView):
    """Keys, without their secrets."""

    shape = serializers.ApiKeyShape
    columns = (
        "id",
        "name",
        "prefix",
        "scopes",
        "membership__user_id",
        "membership__user__name",
        "membership__user__email",
        "created_at",
        "last_used_at",
        "expires_at",
        "revoked_at",
    )

    def shown(self, rows: list[Any]) -> list[serializers.ApiKeyShape]:
        return [
            serializers.ApiKeyShape(*(*row[:4], NameRef(row[4], row[5] or row[6]), *row[7:])) for row in rows
        ]


class ApiKeyListView(KeyListView):
    """The keys of the organization, revoked ones too."""

    permission = KEYS.name
    listed = ("listApiKeys", "Keys of the organization")

    def rows(self, request: Request, **named: Any) -> QuerySet[ApiKey]:
        return keys_of(self.member.organization)

    @operation(
        "createApiKey",
        "Make a key of my own; its secret is told once",
        takes=serializers.ApiKeyInput,
        gives=serializers.NewApiKey,
        status=201,
    )
    def post(self, request: Request) -> HttpResponse:
        key, secret = create_api_key(
            member=self.member, made_with=self.visitor.key, **self.body(serializers.ApiKeyInput)
        )
        return self.answer(serializers.NewApiKey(serializers.api_key(key), secret), status=201)


class ApiKeyView(ApiView):
    """One key."""

    permission = KEYS.name

    @operation("revokeApiKey", "Revoke a key: from now on it opens nothing", status=204)
    def delete(self, request: Request, key_id: uuid.UUID) -> HttpResponse:
        key = keys_of(self.member.organization).filter(id=key_id).first()
        if key is None:
            raise NotFound(_("There is nothing here."))
        self.no_body()
        revoke_api_key(key=key)
        return self.nothing()
