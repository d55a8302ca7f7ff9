"""What is configured of chats."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import npgettext_lazy

from tenants.config.catalogue import declare
from tenants.config.kinds import Whole, YesNo
from tenants.config.spoken import Seconds

MESSAGE_LIMIT = declare(
    "chats.message_limit",
    Whole(100, settings.HUMANA_MESSAGE_LIMIT, npgettext_lazy("unit", "character", "characters")),
    default=settings.HUMANA_MESSAGE_LIMIT,
    label=_("Longest message"),
    help=_("How many characters a person or a program may write at once."),
    layers="global organization",
    caps="global",
    floors="global",
    effect="questions, drafts and /v1 (`chats/services/conversations.py`)",
)

CHOOSE_MODEL = declare(
    "chats.choose_model",
    YesNo(),
    default=True,
    label=_("People choose the model"),
    help=_("Whether a person may choose the model of a chat, among those that may answer."),
    layers="global organization team",
    team_of="companion",
    effect="the model of a chat (`chats/tuning.py`)",
)

_TOOL_LAYERS = "global organization team"

TOOL_ROUNDS = declare(
    "chats.tool_rounds",
    Whole(0, 50, npgettext_lazy("unit", "time", "times")),
    default=8,
    label=_("Turns with tools"),
    help=_("How often a companion may ask for tools before it must answer. 0: it is offered none."),
    layers=_TOOL_LAYERS,
    caps="global organization",
    team_of="companion",
    effect="tools in answers (`chats/rounds.py`)",
)
TOOL_CALLS = declare(
    "chats.tool_calls",
    Whole(1, 200, npgettext_lazy("unit", "call", "calls")),
    default=24,
    label=_("Calls of tools in an answer"),
    help=_("Also those that fail or are refused count."),
    layers=_TOOL_LAYERS,
    caps="global organization",
    team_of="companion",
    effect="tools in answers (`chats/hands.py`)",
)
TOOL_SECONDS = declare(
    "chats.tool_seconds",
    Seconds(1, 3_600, _("seconds")),
    default=120,
    label=_("Time of all tools in an answer"),
    help=_("Without the time in which a person is asked."),
    layers=_TOOL_LAYERS,
    caps="global organization",
    team_of="companion",
    effect="tools in answers (`chats/hands.py`)",
)
TOOL_CHARACTERS = declare(
    "chats.tool_characters",
    Whole(1_000, 2_000_000, npgettext_lazy("unit", "character", "characters")),
    default=100_000,
    label=_("What tools may say in an answer"),
    help=_("In characters, of all results together; what is longer is cut."),
    layers=_TOOL_LAYERS,
    caps="global organization",
    team_of="companion",
    effect="tools in answers (`chats/hands.py`)",
)
CONSENT_SECONDS = declare(
    "chats.consent_seconds",
    Seconds(10, 480, _("seconds")),
    default=180,
    label=_("How long a person is waited for"),
    help=_("A tool that asks first is not used when nobody answers in this time."),
    layers=_TOOL_LAYERS,
    caps="global organization",
    team_of="companion",
    effect="confirmations (`chats/consent.py`)",
)
