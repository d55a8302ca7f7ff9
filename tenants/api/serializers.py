"""People, their organizations and keys, as the API tells and takes them."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from rest_framework import serializers

from humana.api.inputs import Input, Text
from humana.api.shapes import NameRef, Shape
from tenants.models import ApiKey, Membership, User


class Person(Shape, frozen=True):
    """The one behind the session or the key. An empty language or zone means: as the client asks."""

    id: uuid.UUID
    email: str
    name: str
    language: str
    theme: str
    time_zone: str


class OrganizationRef(Shape, frozen=True):
    """An organization; `slug` is its address."""

    id: uuid.UUID
    slug: str
    name: str


class Belonging(Shape, frozen=True):
    """A role in an organization."""

    organization: OrganizationRef
    role: str


class KeyInUse(Shape, frozen=True):
    """The key of this request. No scopes: all that its member may do."""

    id: uuid.UUID
    name: str
    prefix: str
    scopes: list[str]
    expires_at: datetime | None


class Me(Shape, frozen=True):
    """Who is asking, where, and with which rights. Without an organization, where one may go."""

    person: Person
    organization: OrganizationRef | None
    role: str | None
    permissions: list[str]
    key: KeyInUse | None
    memberships: list[Belonging]


class ApiKeyShape(Shape, frozen=True):
    """A program's key, without its secret."""

    id: uuid.UUID
    name: str
    prefix: str
    scopes: list[str]
    owner: NameRef
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None


class NewApiKey(Shape, frozen=True):
    """A key just made. `secret` is told here and never again."""

    key: ApiKeyShape
    secret: str


class MeInput(Input):
    """What people set about themselves. `primary_organization` is the address of where they arrive."""

    name = Text(max_length=120, required=False, allow_blank=True, trim_whitespace=True)
    language = serializers.ChoiceField(choices=settings.LANGUAGES, required=False, allow_blank=True)
    theme = serializers.ChoiceField(choices=User.Theme.choices, required=False)
    time_zone = Text(max_length=64, required=False, allow_blank=True)
    primary_organization = Text(max_length=50, required=False)


class ApiKeyInput(Input):
    """A new key of the caller. Scopes narrow what it may do; without any it may all the caller may."""

    name = Text(max_length=80)
    scopes = serializers.ListField(child=Text(max_length=80), max_length=100, default=list)
    expires_at = serializers.DateTimeField(default=None, allow_null=True)


def person(user: User) -> Person:
    return Person(user.id, user.email, user.name, user.language, user.theme, user.time_zone)


def belonging(member: Membership) -> Belonging:
    organization = member.organization
    return Belonging(OrganizationRef(organization.id, organization.slug, organization.name), member.role)


def key_in_use(key: ApiKey) -> KeyInUse:
    return KeyInUse(key.id, key.name, key.prefix, list(key.scopes), key.expires_at)


def api_key(key: ApiKey) -> ApiKeyShape:
    owner = NameRef(key.membership.user_id, str(key.membership.user))
    times = (key.created_at, key.last_used_at, key.expires_at, key.revoked_at)
    return ApiKeyShape(key.id, key.name, key.prefix, list(key.scopes), owner, *times)
