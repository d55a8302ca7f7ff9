"""What is configured of chats."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from tenants.config.catalogue import declare
from tenants.config.kinds import Whole

MESSAGE_LIMIT = declare(
    "chats.message_limit",
    Whole(100, settings.HUMANA_MESSAGE_LIMIT, _("characters")),
    default=settings.HUMANA_MESSAGE_LIMIT,
    label=_("Longest message"),
    help=_("How many characters a person or a program may write at once."),
    layers="global organization",
    caps="global",
    floors="global",
    effect="questions, drafts and /v1 (`chats/services/conversations.py`)",
)
