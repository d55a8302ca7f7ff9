"""The console as a whole: what is not in it, and what its columns are called.

Only pages of ours are shown, since only they know of an organization in hand and of the trail;
and nothing is deleted in bulk.
"""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Field, Model
from django.utils.translation import gettext_lazy as _

from tenants.console import OperatorAdmin

#: Words for fields that no person ever edits, so their models have none.
LABELS = {
    "action": _("action"),
    "actor": _("who"),
    "actor_kind": _("kind of actor"),
    "arguments": _("ids"),
    "attempts": _("attempts"),
    "author_id": _("author"),
    "chat": _("chat"),
    "companion": _("companion"),
    "companion_id": _("companion"),
    "cost": _("cost"),
    "created_at": _("made"),
    "currency": _("currency"),
    "due_at": _("due"),
    "encryption_required": _("must be sealed"),
    "ended_at": _("ended"),
    "endpoint": _("endpoint"),
    "error": _("error"),
    "first_token_ms": _("first token (ms)"),
    "folder": _("folder"),
    "hash": _("hash"),
    "heartbeat_at": _("last sign of life"),
    "input_tokens": _("tokens read"),
    "cached_tokens": _("tokens remembered"),
    "member_id": _("member"),
    "membership": _("member"),
    "message": _("message"),
    "model": _("model"),
    "number": _("number"),
    "operator": _("operator"),
    "origin": _("came through"),
    "outcome": _("outcome"),
    "output_tokens": _("tokens written"),
    "owner_id": _("owner"),
    "parent": _("after"),
    "parts": _("parts"),
    "payload": _("details"),
    "previous_hash": _("previous hash"),
    "prompt_digest": _("prompt (digest)"),
    "provenance": _("made from"),
    "published_by": _("published by"),
    "regulation": _("regulation"),
    "relayed_at": _("in the trail since"),
    "request_id": _("request"),
    "requirement": _("requirement"),
    "resource_id": _("on what (id)"),
    "resource_type": _("on what"),
    "restrictions": _("do's and don'ts"),
    "role": _("role"),
    "run_id": _("run"),
    "schema_name": _("schema"),
    "sequence": _("#"),
    "source_id": _("from event"),
    "started_at": _("started"),
    "state": _("state"),
    "style": _("communication style"),
    "task": _("task"),
    "text": _("text"),
    "total_ms": _("in all (ms)"),
    "up": _("helpful"),
    "updated_at": _("changed"),
    "user": _("person"),
    "version": _("version"),
    "voice_and_tone": _("voice and tone"),
    "active": _("in force"),
    "owner": _("process"),
}


def name_columns(model: type[Model]) -> None:
    """Only shown names change: migrations read what the model itself says."""
    for field in model._meta.local_fields:
        if isinstance(field, Field) and getattr(field, "_verbose_name", "") is None and field.name in LABELS:
            field.verbose_name = LABELS[field.name]


admin.site.index_title = _("Overview")
admin.site.disable_action("delete_selected")
for model, page in list(admin.site._registry.items()):
    if isinstance(page, OperatorAdmin):
        name_columns(model)
    else:
        admin.site.unregister(model)
