"""What members think of companions, in a support session; what companions did, by ids, with the organization
in hand.
"""

from __future__ import annotations

from django.contrib import admin

from companions.models import Feedback, Interaction
from tenants.console import ContentAdmin, InHandAdmin


@admin.register(Feedback)
class FeedbackAdmin(ContentAdmin):
    main_only = True
    list_display = ("companion", "rating", "created_at", "updated_at")
    list_filter = ("rating",)
    ordering = ("-created_at",)
    fields = ("companion", "rating", "text", "answer_id", "created_at", "updated_at")


@admin.register(Interaction)
class InteractionAdmin(InHandAdmin):
    """Written once: nobody adds, changes or deletes one."""

    may_add = may_change = may_delete = False
    list_display = ("began_at", "kind", "companion_id", "outcome", "count")
    list_filter = ("kind", "outcome")
    ordering = ("-created_at",)
    lookups = ("id", "subject_id", "session_id", "companion_id")
    fields = (
        *("kind", "outcome", "companion_id", "other_id", "member_id", "subject_id", "session_id"),
        *("count", "began_at", "ended_at"),
    )
