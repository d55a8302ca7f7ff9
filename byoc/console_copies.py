"""Files on their way from one storage to another, in the operators' console: whose, how far, what stopped."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from byoc.copies import name_of
from byoc.models import StorageCopy
from byoc.services import storages
from humana.kernel.errors import HumanaError
from tenants.console import OperatorAdmin
from tenants.console_actions import confirmed
from tenants.operators import in_hand


@admin.register(StorageCopy)
class StorageCopyAdmin(OperatorAdmin):
    """Counts only: of the organization in hand, with none in hand of everybody."""

    list_display = ("whose", "role", "state", "progress", "created_at", "finished_at")
    list_filter = ("state", "role")
    list_select_related = ("organization",)
    fields = (
        "whose", "role", "origin", "destination", "state", "code", "progress", "created_at", "finished_at",
    )  # fmt: skip
    actions = ("try_again", "empty_the_old")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        held = in_hand(request)
        return rows.filter(organization=held) if held else rows

    @admin.display(description=gettext_lazy("organization"))
    def whose(self, obj: StorageCopy) -> str:
        return str(obj.organization)

    @admin.display(description=gettext_lazy("progress"))
    def progress(self, obj: StorageCopy) -> str:
        return f"{obj.copied + obj.kept} / {obj.found}"

    @admin.display(description=gettext_lazy("from"))
    def origin(self, obj: StorageCopy) -> str:
        return name_of(obj, obj.source_id)

    @admin.display(description=gettext_lazy("to"))
    def destination(self, obj: StorageCopy) -> str:
        return name_of(obj, obj.target_id)

    @confirmed(
        description=gettext_lazy("Try again"),
        question=gettext_lazy("What had stopped these is mended: they go on where they were."),
    )
    def try_again(self, request: HttpRequest, queryset: QuerySet[StorageCopy]) -> None:
        for copy in queryset:
            storages.try_again(copy=copy)

    @confirmed(
        description=gettext_lazy("Empty the old storage"),
        question=gettext_lazy(
            "The files of these organizations are deleted where they came from. There is no way back."
        ),
    )
    def empty_the_old(self, request: HttpRequest, queryset: QuerySet[StorageCopy]) -> None:
        for copy in queryset:
            try:
                number = storages.erase_old(copy=copy)
            except HumanaError as refusal:
                messages.error(request, f"{copy.organization}: {refusal.message}")
            else:
                deleted = _("%(number)d files were deleted.") % {"number": number}
                messages.success(request, f"{copy.organization}: {deleted}")
