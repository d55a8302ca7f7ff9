"""Figures in the reader's words: shares as percent, times in seconds, and what changed since before."""

from __future__ import annotations

from django import template
from django.utils.formats import number_format
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def figure(value: float | int | None, kind: str = "number") -> str:
    """As it is read; a dash where there was nothing to make it of."""
    if value is None:
        return "–"
    if kind == "share":
        return _("%(percent)s%%") % {"percent": number_format(round(100 * value))}
    if kind == "time":
        return seconds(value)
    return number_format(round(value), force_grouping=True)


@register.filter
def seconds(milliseconds: float | None) -> str:
    """Milliseconds as seconds, with a decimal where they are few."""
    if milliseconds is None:
        return "–"
    return _("%(seconds)s s") % {
        "seconds": number_format(milliseconds / 1000, 1 if milliseconds < 9950 else 0)
    }


@register.filter
def axis(value: float) -> str:
    """A value at the edge of a drawing, with no more decimals than it has."""
    return number_format(value, 0 if value == int(value) else 1, force_grouping=True)


@register.filter
def plain(value: float | int) -> str:
    """For attributes of a drawing: never with a comma."""
    return f"{value:g}"


@register.filter
def change(tile: object) -> str:
    """How it was before, in words; empty where there is nothing to compare."""
    now, before = getattr(tile, "value", None), getattr(tile, "before", None)
    if now is None or before is None:
        return ""
    kind = getattr(tile, "kind", "number")
    if round(now, 4) == round(before, 4):
        return _("as before")
    return _("before: %(value)s") % {"value": figure(before, kind)}


@register.filter
def stars(rating: int | None) -> str:
    """Five of them, some filled."""
    return "" if rating is None else "★" * rating + "☆" * (5 - rating)
