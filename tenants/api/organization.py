"""The organization itself, for programs."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from humana.api.inputs import Input, Text
from humana.api.schema import operation
from humana.api.shapes import Shape
from humana.api.versions import expected
from humana.api.views import ApiView
from tenants.models import Organization
from tenants.models.organizations import Regulation
from tenants.permissions import MANAGE
from tenants.services.organization_settings import LONGEST, edit_organization
from tenants.services.structuring import version_at

COLUMNS = (
    "id", "slug", "name", "plan", "state", "zone", "language", "time_zone", "currency", "retention_days",
    "regulations", "created_at", "updated_at",
)  # fmt: skip


class OrganizationShape(Shape, frozen=True):
    """What the organization says of itself. Address, plan, state and zone are for operators to change;
    `retention_days` null keeps the trail for good.
    """

    id: uuid.UUID
    slug: str
    name: str
    plan: str
    state: str
    zone: str
    language: str
    time_zone: str
    currency: str
    retention_days: int | None
    regulations: list[str]
    created_at: datetime
    updated_at: datetime
    version: int


class OrganizationInput(Input):
    """What changes; what is not sent stays as it is."""

    name = Text(max_length=120, required=False)
    language = serializers.ChoiceField(choices=settings.LANGUAGES, required=False)
    time_zone = Text(max_length=64, required=False)
    currency = Text(max_length=3, required=False)
    retention_days = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=LONGEST)
    regulations = serializers.ListField(
        child=serializers.ChoiceField(choices=Regulation.choices), max_length=20, required=False
    )


class OrganizationView(ApiView):
    """The organization one works in."""

    permission = MANAGE.name

    @operation("readOrganization", "What the organization says of itself", gives=OrganizationShape)
    def get(self, request: Request) -> HttpResponse:
        return self._answer(self.member.organization)

    @operation(
        "editOrganization",
        "Change name, language, time zone, currency, regulations, or how long the trail is kept",
        takes=OrganizationInput,
        gives=OrganizationShape,
    )
    def patch(self, request: Request) -> HttpResponse:
        row = self.member.organization
        wanted: Any = self.body(OrganizationInput, partial=True)
        version = expected(request, version_at(row.updated_at))
        return self._answer(edit_organization(member=self.member, version=version, **wanted))

    def _answer(self, row: Organization) -> HttpResponse:
        version = version_at(row.updated_at)
        values = [getattr(row, name) for name in COLUMNS]
        return self.answer(OrganizationShape(*[*values, version]), version=version)
