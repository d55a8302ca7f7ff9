"""Budgets in templates: what the composer says before a question is sent, and amounts in words."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django import template
from django.db import OperationalError

from audit.budget_words import amount as amount_in_words
from audit.budget_words import priced, which
from audit.budgeting import Rule
from audit.hints import Hint, hint_for
from audit.services.allowances import Told, nearly_spent
from audit.spent import Spent
from humana.kernel.errors import Unavailable

register = template.Library()


@register.simple_tag(takes_context=True)
def budget_hint(context: Mapping[str, Any], companion_id: uuid.UUID | None = None) -> Hint | None:
    """For whoever looks at the page."""
    visitor = context.get("visitor")
    return hint_for(visitor.member, companion_id or None) if visitor is not None else None


@register.simple_tag(takes_context=True)
def asked_companion(context: Mapping[str, Any]) -> uuid.UUID | None:
    """The one that the page's chat is with, or that the page itself is about."""
    chat, companion = context.get("chat"), context.get("companion")
    found = getattr(chat, "companion_id", None) or getattr(companion, "id", None)
    return found if isinstance(found, uuid.UUID) else None


@register.simple_tag(takes_context=True)
def nearly_used(context: Mapping[str, Any], companion_id: uuid.UUID | None = None) -> Sequence[Told]:
    """Allowances of whoever looks at the page, with that of a companion where it is asked there; none where
    that cannot be told just now.
    """
    visitor = context.get("visitor")
    try:
        return nearly_spent(visitor.member, companion_id) if visitor is not None else []
    except (OperationalError, Unavailable):
        return []


@register.filter
def amount_of(rule: Rule, parts: int | None = None) -> str:
    """A number that this budget counts, in words; its limit where none is given."""
    return amount_in_words(rule.amount if parts is None else parts, rule)


@register.simple_tag
def budget_name(rule: Rule) -> str:
    """As a member calls it, at the beginning of a line."""
    told = which(rule)
    return told[:1].upper() + told[1:]


@register.filter
def money_of(spent: Spent) -> str:
    """What was paid, in each currency; a dash where nothing was or nobody knows."""
    return " + ".join(priced(value, currency) for currency, value in spent.money) or "–"
