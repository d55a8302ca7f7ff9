"""Folders hold people's instructions: only inside a support session."""

from __future__ import annotations

from django.contrib import admin

from documents.models import Folder
from tenants.console import ContentAdmin


@admin.register(Folder)
class FolderAdmin(ContentAdmin):
    list_display = ("name", "parent", "created_at")
    list_select_related = ("parent",)
    search_fields = ("name",)
