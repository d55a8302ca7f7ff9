"""Companions: who one can talk to, and their making."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from companions.api import serializers
from companions.choosing import may_be_given
from companions.models import Companion
from companions.permissions import EDIT, READ
from companions.queries import access_companion, access_kept_companion, companions_for, paused_companions
from companions.services.companions import (
    change_companion,
    create_companion,
    remove_companion,
    restore_companion,
)
from humana.api.authentication import in_scope
from humana.api.filters import Choice, Id
from humana.api.lists import ListView
from humana.api.schema import operation
from humana.api.versions import expected
from humana.api.views import ApiView
from humana.kernel.errors import Invalid
from tenants.permissions import allowed, require


class CompanionListView(ListView):
    """Companions by name: those at work, or for who may edit them, those that are paused."""

    permissions = {"GET": READ.name, "POST": EDIT.name}
    listed = ("listCompanions", "Companions by name")
    shape = serializers.CompanionShape
    columns = serializers.CompanionShape.__struct_fields__
    order = ("name", "id")
    filters = {
        "state": Choice("Paused ones are for those who may edit them.", ("active", "paused")),
        "team_id": Id("Only of this team, without those below it."),
        "position_id": Id("Only of this position."),
    }

    def rows(self, request: Request, **named: Any) -> QuerySet[Companion]:
        where = {name: one for name, one in self.asked.items() if name != "state"}
        if self.asked.get("state") != Companion.State.PAUSED:
            return companions_for(member=self.member).filter(**where)
        require(self.member, EDIT.name)
        return paused_companions().filter(**where)

    @operation(
        "createCompanion",
        "Make a companion that people can talk to at once",
        takes=serializers.CompanionInput,
        gives=serializers.CompanionDetail,
        status=201,
    )
    def post(self, request: Request) -> HttpResponse:
        wanted = self.body(serializers.CompanionInput)
        _model_is_offered(wanted, wanted.get("team_id"))
        row = create_companion(member=self.member, **wanted)
        return self.answer(
            serializers.companion(row, in_full=True),
            status=201,
            version=row.version,
            location=f"/api/v1/companions/{row.id}/",
        )


class CompanionView(ApiView):
    """One companion."""

    permissions = {"GET": READ.name, "PATCH": EDIT.name, "DELETE": EDIT.name}

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
        if wanted.get("model", row.model) != row.model:
            _model_is_offered(wanted, wanted.get("team_id", row.team_id))
        row = change_companion(member=self.member, companion=row, version=version, **wanted)
        return self.answer(serializers.companion(row, in_full=True), version=row.version)

    @operation("removeCompanion", "Hide a companion with its chats; it can be brought back", status=204)
    def delete(self, request: Request, companion_id: uuid.UUID) -> HttpResponse:
        row = access_companion(member=self.member, companion_id=companion_id)
        self.no_body()
        remove_companion(member=self.member, companion=row, version=expected(request, row.version))
        return self.nothing()


class RestoreCompanionView(ApiView):
    """A companion that was removed."""

    permission = EDIT.name

    @operation("restoreCompanion", "Bring a removed companion back", gives=serializers.CompanionDetail)
    def post(self, request: Request, companion_id: uuid.UUID) -> HttpResponse:
        kept = access_kept_companion(member=self.member, companion_id=companion_id)
        self.no_body()
        row = restore_companion(member=self.member, companion_id=kept.id)
        return self.answer(serializers.companion(row, in_full=True), version=row.version)


def _model_is_offered(wanted: dict[str, Any], team_id: uuid.UUID | None) -> None:
    if not may_be_given(wanted.get("model", ""), team_id):
        raise Invalid(_("Choose one of what is offered."), field="model", code="unknown")
