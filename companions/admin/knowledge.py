"""Knowledge in a support session: read, removed and brought back, never written; capabilities and rules."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from companions.knowledge import uses_of
from companions.models import Capability, KnowledgeAsset, SharingRule
from companions.services.capabilities import remove_capability
from companions.services.knowledge import remove_asset
from companions.services.sharing import drop_sharing_rule
from tenants.console import ContentAdmin


class _Used(ContentAdmin):
    @admin.display(description=_("used"))
    def used(self, obj: Any) -> int:
        return uses_of([obj.id]).get(obj.id, 0)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """It is hidden, and can be brought back: what belongs to it stays."""
        return [str(one) for one in objs], {self.opts.verbose_name_plural: len(objs)}, set(), []

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for one in queryset:
            self.delete_model(request, one)


@admin.register(KnowledgeAsset)
class KnowledgeAssetAdmin(_Used):
    main_only = True
    may_delete = True
    list_display = ("title", "level", "source", "shared_by_name", "version", "used")
    list_filter = ("level", "source")
    search_fields = ("title",)
    fields = ("title", "summary", "text", "language", "level", "source", "shared_by_name", "version", "used")
    readonly_fields = fields

    def delete_model(self, request: HttpRequest, obj: KnowledgeAsset) -> None:
        remove_asset(asset=obj)


@admin.register(Capability)
class CapabilityAdmin(_Used):
    main_only = True
    may_delete = True
    list_display = ("name", "kind", "level", "version", "used")
    list_filter = ("kind", "level")
    search_fields = ("name",)
    fields = ("kind", "name", "description", "instructions", "level", "version", "used")
    readonly_fields = fields

    def delete_model(self, request: HttpRequest, obj: Capability) -> None:
        remove_capability(capability=obj)


@admin.register(SharingRule)
class SharingRuleAdmin(ContentAdmin):
    main_only = True
    may_delete = True
    list_display = ("__str__", "asset", "capability", "companion", "member_id", "allow", "created_at")
    list_select_related = ("asset", "capability", "companion")
    list_filter = ("allow",)
    fields = ("asset", "capability", "companion", "member_id", "allow")
    readonly_fields = fields

    def delete_model(self, request: HttpRequest, obj: SharingRule) -> None:
        drop_sharing_rule(rule=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[SharingRule]) -> None:
        for one in queryset:
            drop_sharing_rule(rule=one)
