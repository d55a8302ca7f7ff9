"""What happened, and what it cost."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from audit.api import serializers
from audit.api.chains import cut_chains
from audit.api.exports import as_csv, as_ndjson
from audit.models import AuditEntry, UsageEvent
from audit.permissions import READ, USAGE
from audit.queries import TrailFilter, entries, usage
from humana.api.filters import Choice, Id, Moment, Name
from humana.api.lists import MergedListView
from humana.api.pagination import Slice
from humana.api.schema import operation
from humana.api.views import ApiView
from humana.kernel.errors import NotFound
from humana.kernel.ports import record_trail
from tenants.context import current_tenant
from tenants.transactions import tenant_atomic

#: Entries of one file; the address of the next one is in its `Link` header.
MOST_EXPORTED = 10_000
#: Of a file: the placements that did not answer, whose entries are missing from it.
SILENT = "Humana-Silent"


class TrailView(MergedListView):
    """The organization's own trail, the latest first: of every placement, each with a chain of its own."""

    permission = READ.name
    shape = serializers.Entry
    columns = serializers.COLUMNS
    filters = {
        "action": Name("An action, or how it begins: `chats.` finds all of chats."),
        "actor": Id("The person who did it."),
        "resource_type": Name("What it was done to, such as `chat`."),
        "resource_id": Name("Which one."),
        "since": Moment("From this time on."),
        "until": Moment("Before this time."),
    }

    @operation("listTrail", "Entries of the trail, the latest first", gives=serializers.Entry)
    def get(self, request: Request, **named: Any) -> HttpResponse:
        return super().get(request, **named)

    def rows(self, request: Request, **named: Any) -> QuerySet[AuditEntry]:
        wanted = {name: value for name, value in self.asked.items() if name not in ("actor", "format")}
        rows = entries(member=self.member, wanted=TrailFilter(**wanted))
        return rows.filter(actor_id=self.asked["actor"]) if "actor" in self.asked else rows

    def slice(self, request: Request, **named: Any) -> Slice:
        return cut_chains(lambda: self.rows(request, **named), self.place(), self.limit())

    def shown(self, rows: list[Any]) -> list[serializers.Entry]:
        return [serializers.entry_of(row) for row in rows]


class TrailExportView(TrailView):
    """The same as a file; the header `Humana-Silent` names placements that did not answer, whose entries
    are missing.

    Taking it is itself a line of the trail.
    """

    filters = {**TrailView.filters, "format": Choice("How to write it.", ("csv", "ndjson"))}

    @operation("exportTrail", "Entries of the trail as a file", media="text/csv")
    def get(self, request: Request, **named: Any) -> HttpResponse:
        kind = self.asked.get("format", "csv")
        found = self.slice(request, **named)
        media, write = (
            ("text/csv; charset=utf-8", as_csv) if kind == "csv" else ("application/x-ndjson", as_ndjson)
        )
        response = HttpResponse(write(found.rows), content_type=media)
        response["Content-Disposition"] = f'attachment; filename="trail.{kind}"'
        if found.next is not None:
            response["Link"] = f'<{self.address(found.next)}>; rel="next"'
        if found.silent:
            response[SILENT] = ", ".join(str(one.placement.id) for one in found.silent)
        self._tell(kind, found)
        return response

    def limit(self) -> int:
        return super().limit() if "limit" in self.sent else MOST_EXPORTED

    def _tell(self, kind: str, found: Slice) -> None:
        with tenant_atomic():
            payload = {"format": kind, "entries": len(found.rows), **self.asked}
            if found.silent:
                payload["silent"] = [str(one.placement.id) for one in found.silent]
            record_trail(action="audit.trail.exported", resource_type="trail", payload=payload)


class EntryView(ApiView):
    """One entry."""

    permission = READ.name

    @operation("readTrailEntry", "One entry of the trail", gives=serializers.Entry)
    def get(self, request: Request, entry_id: uuid.UUID) -> HttpResponse:
        found = entries(member=self.member, wanted=TrailFilter()).filter(id=entry_id).first()
        if found is None:
            raise NotFound(_("There is nothing here."))
        here = current_tenant().placement.id
        return self.answer(serializers.entry(found, here), version=found.sequence)


class UsageView(MergedListView):
    """The ledger: what each answer used."""

    permission = USAGE.name
    shape = serializers.Usage
    columns = serializers.Usage.__struct_fields__
    filters = {
        "companion": Id("Only answers of this companion."),
        "member": Id("Only answers to this member."),
        "outcome": Name("How the answer ended, such as `done`."),
        "since": Moment("From this time on."),
        "until": Moment("Before this time."),
    }
    CONDITIONS = {
        "companion": "companion_id",
        "member": "member_id",
        "outcome": "outcome",
        "since": "created_at__gte",
        "until": "created_at__lt",
    }

    @operation("listUsage", "What answers used, the latest first", gives=serializers.Usage)
    def get(self, request: Request, **named: Any) -> HttpResponse:
        return super().get(request, **named)

    def rows(self, request: Request, **named: Any) -> QuerySet[UsageEvent]:
        return usage().filter(**{self.CONDITIONS[name]: value for name, value in self.asked.items()})
