"""Small parts of pages: icons, avatars, days."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from humana.kernel import measures
from humana.kernel.text import in_words
from humana.kernel.zones import zone_name
from humana.rendering import addresses
from humana.rendering.avatars import avatar_svg

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    """A decorative icon of our sprite."""
    sprite = static("icons/sprite.svg")
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>', sprite, name)


@register.simple_tag
def avatar(name: object, css_class: str = "avatar") -> SafeString:
    return avatar_svg(str(name), css_class=css_class)


@register.filter
def get(mapping: dict[Any, Any], key: Any) -> Any:
    return mapping.get(key)


@register.filter
def linked(text: str) -> SafeString:
    """A person's words as they were written, with the addresses in them as links."""
    return addresses.linked(text)


@register.filter
def iso(moment: datetime | None) -> str:
    """For the datetime attribute of <time>."""
    return moment.isoformat() if moment else ""


@register.filter
def when(moment: datetime) -> str:
    """As short as it can be said: the time today, the day before that."""
    local = timezone.localtime(moment)
    today = timezone.localdate()
    if local.date() == today:
        return date_format(local, "TIME_FORMAT")
    if local.year == today.year:
        return in_words(local, "MONTH_DAY_FORMAT")
    return date_format(local, "SHORT_DATE_FORMAT")


@register.filter(name="in_words")
def day_in_words(day: date) -> str:
    return in_words(day)


@register.filter
def month_in_words(day: date) -> str:
    return in_words(day, "YEAR_MONTH_FORMAT")


@register.filter
def size(octets: int) -> str:
    """Bytes as KB, MB or GB."""
    return measures.size(octets)


@register.filter
def count(number: int) -> str:
    """A number with its thousands apart."""
    return measures.count(number)


@register.filter
def zone(name: str) -> str:
    """A time zone by the place people know."""
    return zone_name(name)
