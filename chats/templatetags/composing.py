"""Where one writes before there is a chat: on the page of a companion, which knows no chats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template

from chats.attached import drafted
from chats.queries import draft_of
from chats.services.conversations import message_limit
from companions.models import Companion

register = template.Library()


@register.simple_tag(takes_context=True)
def unsent_to(context: Mapping[str, Any], companion: Companion) -> dict[str, Any]:
    """What the member left unsent for a companion: `draft`, what is `attached` to it, and the `limit`."""
    member = context["visitor"].member
    return {
        "draft": draft_of(member=member, place_id=companion.id),
        "attached": drafted(member, companion.id),
        "limit": message_limit(),
    }
