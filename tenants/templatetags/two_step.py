"""How the second step of whoever looks stands, for pages that allauth shows."""

from __future__ import annotations

from typing import Any

from django import template

from tenants.two_step import standing_of

register = template.Library()


@register.simple_tag(takes_context=True)
def second_step(context: dict[str, Any]) -> dict[str, Any]:
    return standing_of(context["request"].user)
