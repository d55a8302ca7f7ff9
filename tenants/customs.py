"""Language and time zone of members who have chosen none themselves: those of their organization."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from django.http import HttpRequest
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from humana.kernel.errors import Invalid
from tenants.config.resolver import resolve_many, subject_of
from tenants.config_keys import LANGUAGE, TIME_ZONE
from tenants.models import Membership


def known_zone(zone: str) -> str:
    """The same; Invalid where there is no such time zone."""
    if zone not in zoneinfo.available_timezones():
        message = _("There is no such time zone. Write it as America/Sao_Paulo.")
        raise Invalid(message, field="time_zone", code="unknown_time_zone")
    return zone


@contextmanager
def customs(request: HttpRequest, member: Membership) -> Iterator[str]:
    """Inside the organization. Gives the language that was put on; empty where it stayed."""
    said = resolve_many((LANGUAGE, TIME_ZONE), subject_of(member))
    language = "" if member.user.language else said[LANGUAGE.name] or ""
    zone = "" if member.user.time_zone else said[TIME_ZONE.name]
    with ExitStack() as put_on:
        if language:
            request.LANGUAGE_CODE = language
            put_on.enter_context(translation.override(language))
        if zone:
            put_on.enter_context(timezone.override(zone))
        yield language
