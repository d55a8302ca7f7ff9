"""Companions: who one can talk to, and their making."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from companions.api import serializers
from companions.models import Companion
from companions.permissions import EDIT, READ
from companions.queries import access_companion, companions_for, paused_companions
from companions.services.companions import create_companion, edit_companion, pause_companion, resume_companion
from humana.api.authentication import in_scope
from humana.api.filters import Choice
from humana.api.lists import ListView
from humana.api.schema import operation
from humana.api.versions import expected
from humana.api.views import ApiView
from tenants.permissions import allowed, require
from tenants.transactions import tenant_atomic


class CompanionListView(ListView):
    """Companions by name: those at work, or for who may edit them, those that are paused."""

    permissions = {"GET": READ.name, "POST": EDIT.name}
    shape = serializers.CompanionShape
    columns = serializers.CompanionShape.__struct_fields__
    order = ("name", "id")
    filters = {"state": Choice("Paused ones are for those who may edit them.", ("active", "paused"))}

    @operation("listCompanions", "Companions by name", gives=serializers.CompanionShape)
    def get(self, request: Request, **named: Any) -> HttpResponse:
        return super().get(request, **named)

    def rows(self, request: Request, **named: Any) -> QuerySet[Companion]:
        if self.asked.get("state") != Companion.State.PAUSED:
            return companions_for(member=self.member)
        require(self.member, EDIT.name)
        return paused_companions()

    @operation(
        "createCompanion",
        "Make a companion that people can talk to at once",
        takes=serializers.CompanionInput,
        gives=serializers.CompanionDetail,
        status=201,
    )
    def post(self, request: Request) -> HttpResponse:
        row = create_companion(member=self.member, **self.body(serializers.CompanionInput))
        return self.answer(
            serializers.companion(row, in_full=True),
            status=201,
            version=row.version,
            location=f"/api/v1/companions/{row.id}/",
        )


class CompanionView(ApiView):
    """One companion."""

    permissions = {"GET": READ.name, "PATCH": EDIT.name}

    @operation("readCompanion", "One companion", gives=serializers.CompanionDetail)
    def get(self, request: Request, companion_id: uuid.UUID) -> HttpResponse:
        row = access_companion(member=self.member, companion_id=companion_id)
        in_full = allowed(self.member, EDIT.name) and in_scope(self.visitor, EDIT.name)
        return self.answer(serializers.companion(row, in_full=in_full), version=row.version)

    @operation(
        "editCompanion",
        "Change, pause or resume a companion",
        takes=serializers.CompanionChanges,
        gives=serializers.CompanionDetail,
    )
    def patch(self, request: Request, companion_id: uuid.UUID) -> HttpResponse:
        row = access_companion(member=self.member, companion_id=companion_id)
        wanted = self.body(serializers.CompanionChanges, partial=True)
        version = expected(request, row.version)
        state = wanted.pop("state", row.state)
        with tenant_atomic():
            row = edit_companion(member=self.member, companion=row, version=version, **wanted)
            if state != row.state:
                change = pause_companion if state == Companion.State.PAUSED else resume_companion
                row = change(member=self.member, companion=row)
        return self.answer(serializers.companion(row, in_full=True), version=row.version)
