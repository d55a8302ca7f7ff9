"""The console as a whole: what is not in it, and what its columns are called.

Only pages of ours are shown, since only they know of an organization in hand and of the trail;
and nothing is deleted in bulk.
"""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Field, Model
from django.utils.translation import gettext_lazy as _

from humana.console_words import LABELS, MODELS
from tenants.console import OperatorAdmin


def name_columns(model: type[Model]) -> None:
    """Only shown names change: migrations read what the model itself says."""
    for field in model._meta.local_fields:
        unnamed = getattr(field, "_verbose_name", None) is None
        if isinstance(field, Field) and unnamed and field.name in LABELS:
            field.verbose_name = LABELS[field.name]
    if model._meta.model_name in MODELS:
        model._meta.verbose_name, model._meta.verbose_name_plural = MODELS[model._meta.model_name]


admin.site.index_title = _("Overview")
admin.site.disable_action("delete_selected")
for model, page in list(admin.site._registry.items()):
    if isinstance(page, OperatorAdmin):
        for shown in (model, *(inline.model for inline in page.inlines)):
            name_columns(shown)
    else:
        admin.site.unregister(model)
