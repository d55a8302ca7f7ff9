"""Codes of `companions.access` in the reader's words."""

from __future__ import annotations

from django import template

from companions.refusals import RIGHTS, TOLD, reason_words

register = template.Library()


@register.filter
def reason(code: str) -> str:
    """Why, or why not."""
    return reason_words(code)


@register.filter
def right_words(right: str) -> str:
    """What one companion may do towards another."""
    return str(RIGHTS.get(right, right))


@register.filter
def told_why(code: str) -> str:
    """Why a companion is told something, or is not."""
    return str(TOLD.get(code, code))
