"""What is configured of budgets, and of how much may be asked at once."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import npgettext_lazy

from tenants.config.catalogue import declare
from tenants.config.kinds import Number, Open, Whole

_UPPER = "global organization"

DOLLAR = declare(
    "budgets.dollar",
    Open(Number(0.0001, 1_000_000), _("not said")),
    default=None,
    label=_("One US dollar in your currency"),
    help=_("List prices of models are in dollars. With this, money budgets count them too: 5.40 for reais."),
    layers=_UPPER,
    effect="budgets in money and what the composer says of cost (`audit/budgeting.py`)",
)
QUESTIONS_PER_MINUTE = declare(
    "limits.questions_per_minute",
    Open(Whole(1, 1_000_000, npgettext_lazy("unit", "question", "questions")), _("as the plan says")),
    default=None,
    label=_("Questions in a minute"),
    help=_("Of all members and programs together. The plan is the most there is; this can only be less."),
    layers=_UPPER,
    caps="global",
    effect="questions on pages, API, /v1 and /mcp (`audit/services/rates.py`)",
)
ANSWERS_AT_ONCE = declare(
    "limits.answers_at_once",
    Open(Whole(1, 100_000, npgettext_lazy("unit", "answer", "answers")), _("as the plan says")),
    default=None,
    label=_("Answers at the same time"),
    help=_("Of all companions together. Further questions of people wait; programs are told to come back."),
    layers=_UPPER,
    caps="global",
    effect="answers on every door (`audit/services/rates.py`)",
)
