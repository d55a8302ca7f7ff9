"""What is configured of documents."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import npgettext_lazy

from tenants.config.catalogue import declare
from tenants.config.kinds import Whole

_COMMON: Any = {"layers": "global organization", "caps": "global"}

MOST_DOCUMENTS = declare(
    "storage.documents_per_person",
    Whole(1, 1_000_000, npgettext_lazy("unit", "document", "documents")),
    default=5_000,
    label=_("Documents of one person"),
    help=_("How many somebody may keep; those in the trash count too."),
    effect="every document that is sent or written (`documents/services/files.py`)",
    **_COMMON,
)
TRASH_DAYS = declare(
    "storage.trash_days",
    Whole(1, 3_650, npgettext_lazy("unit", "day", "days")),
    default=30,
    label=_("Days in the trash"),
    help=_("How long a document that was deleted can be brought back."),
    effect="what is in the trash, from the next hour on (`documents/services/purging.py`)",
    **_COMMON,
)
