"""What is configured of how companions answer; the team is the companion's."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import npgettext_lazy

from tenants.config.catalogue import declare
from tenants.config.kinds import Number, Open, Whole, YesNo
from tenants.config.spoken import Seconds

_LAYERS = "global organization team"
#: Of messages between companions; an organization is bounded by what is said for everybody.
_COMMON: Any = {"layers": "global organization", "caps": "global", "floors": "global"}

TEMPERATURE = declare(
    "llm.temperature",
    Open(Number(0, 2), _("as the model has it")),
    default=None,
    label=_("Temperature"),
    help=_("From 0 (always the likeliest word) to 2. Empty: as the model has it."),
    layers=_LAYERS,
    caps="global organization",
    floors="global organization",
    team_of="companion",
    effect="answers of companions (`chats/tuning.py`)",
)
MAX_OUTPUT_TOKENS = declare(
    "llm.max_output_tokens",
    Open(Whole(1, 1_000_000, npgettext_lazy("unit", "token", "tokens")), _("as the model has it")),
    default=None,
    label=_("Longest answer"),
    help=_("In tokens, of which a word has one or two. Empty: as much as the model gives."),
    layers=_LAYERS,
    caps="global organization",
    team_of="companion",
    effect="answers of companions (`chats/tuning.py`)",
)
ANSWER_SECONDS = declare(
    "llm.answer_seconds",
    Seconds(5, 3_600, _("seconds")),
    default=600,
    label=_("Time for an answer"),
    help=_("An answer that takes longer is cut off; what was written stays."),
    layers=_LAYERS,
    caps="global organization",
    team_of="companion",
    effect="answers of companions (`chats/answering.py`)",
)
TOOL_SECONDS = declare(
    "tools.call_seconds",
    Seconds(1, 300, _("seconds")),
    default=30,
    label=_("Time for one use of a tool"),
    help=_("A tool that takes longer counts as not answering."),
    layers="global organization",
    caps="global",
    effect="every call of a tool (`companions/services/tooling.py`)",
)
TOOL_CHARACTERS = declare(
    "tools.answer_characters",
    Whole(500, 200_000, npgettext_lazy("unit", "character", "characters")),
    default=20_000,
    label=_("Longest answer of a tool"),
    help=_("What a tool answers beyond it is cut off before a model reads it."),
    layers="global organization",
    caps="global",
    effect="every call of a tool (`companions/services/tooling.py`)",
)
OWN_SERVERS = declare(
    "tools.own_servers",
    YesNo(),
    default=True,
    label=_("Members may connect tools of their own"),
    help=_("Servers that a member connects serve that member's own conversations only."),
    layers="global organization",
    effect="servers of members (`companions/services/tool_servers.py`)",
)
KNOWLEDGE_PASSAGES = declare(
    "knowledge.passages",
    Whole(0, 20, npgettext_lazy("unit", "passage", "passages")),
    default=5,
    label=_("Passages of knowledge in an answer"),
    help=_("How many passages of what companions know go into one prompt at most. 0: none."),
    layers=_LAYERS,
    caps="global organization",
    team_of="companion",
    effect="answers of companions (`companions/services/knowing.py`)",
)
KNOWLEDGE_CHARACTERS = declare(
    "knowledge.characters",
    Whole(500, 50_000, npgettext_lazy("unit", "character", "characters")),
    default=6_000,
    label=_("Room for knowledge in an answer"),
    help=_("How many characters all passages in one prompt may have together."),
    layers=_LAYERS,
    caps="global organization",
    team_of="companion",
    effect="answers of companions (`companions/services/knowing.py`)",
)
KNOWLEDGE_MEANING = declare(
    "knowledge.meaning",
    YesNo(),
    default=True,
    label=_("Look knowledge up by its meaning"),
    help=_("With a model of embeddings, also across languages. Otherwise by words alone."),
    layers="global organization",
    effect="answers of companions (`companions/services/knowing.py`)",
)
DOCUMENT_PASSAGES = declare(
    "documents.passages",
    Whole(0, 40, npgettext_lazy("unit", "passage", "passages")),
    default=8,
    label=_("Passages of documents in an answer"),
    help=_("How many passages of a chat's documents are looked up for one prompt at most. 0: none."),
    layers=_LAYERS,
    caps="global organization",
    team_of="companion",
    effect="answers of companions (`companions/services/reading.py`)",
)
DOCUMENT_CHARACTERS = declare(
    "documents.characters",
    Whole(500, 200_000, npgettext_lazy("unit", "character", "characters")),
    default=16_000,
    label=_("Room for documents in an answer"),
    help=_("How many characters of documents one prompt may have. An attached one that fits goes in whole."),
    layers=_LAYERS,
    caps="global organization",
    team_of="companion",
    effect="answers of companions (`companions/services/reading.py`)",
)
DOCUMENT_SECONDS = declare(
    "documents.reading_seconds",
    Seconds(0, 600, _("seconds")),
    default=60,
    label=_("Time to read what is attached"),
    help=_("How long an answer waits for a document that came with the question."),
    layers=_LAYERS,
    caps="global organization",
    team_of="companion",
    effect="answers of companions (`chats/services/informing.py`)",
)
MESSAGE_CHARACTERS = declare(
    "messages.characters",
    Whole(100, 20_000, npgettext_lazy("unit", "character", "characters")),
    default=20_000,
    label=_("Longest message of a companion"),
    help=_("How many characters a companion may write to another at once."),
    effect="messages (`companions/services/sending.py`)",
    **_COMMON,
)
MESSAGE_HOPS = declare(
    "messages.hops",
    Whole(0, 20, npgettext_lazy("unit", "hop", "hops")),
    default=5,
    label=_("From companion to companion"),
    help=_("How often a message may be followed by another, from companion to companion. Then it ends."),
    effect="messages that follow another (`companions/services/sending.py`)",
    **_COMMON,
)
MESSAGES_FOLLOWING = declare(
    "messages.following",
    Whole(1, 1_000, npgettext_lazy("unit", "message", "messages")),
    default=100,
    label=_("Messages that follow from one"),
    help=_("All together, whoever sends them. Companions that answer each other in a circle end here."),
    effect="messages that follow another (`companions/services/sending.py`)",
    **_COMMON,
)
MESSAGE_REACH = declare(
    "messages.reach",
    Whole(1, 10_000, npgettext_lazy("unit", "companion", "companions")),
    default=10_000,
    label=_("Reached by one message"),
    help=_("How many companions one message to all may reach."),
    effect="messages to all (`companions/services/sending.py`)",
    **_COMMON,
)
MESSAGE_ASKED = declare(
    "messages.asked",
    Whole(1, 100, npgettext_lazy("unit", "companion", "companions")),
    default=20,
    label=_("Asked at once"),
    help=_("How many companions one question to all may ask. Each answer is paid for."),
    effect="questions to all (`companions/services/sending.py`)",
    **_COMMON,
)
MESSAGE_WAITS = declare(
    "messages.waits",
    Seconds(60, 30 * 86_400, _("seconds")),
    default=72 * 3_600,
    label=_("Time to be delivered"),
    help=_("A message not delivered by then expires, unless it names a moment itself."),
    effect="messages and handoffs (`companions/services/sending.py`)",
    **_COMMON,
)
