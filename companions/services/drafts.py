"""What somebody means to publish, cleaned: the same for publishing it and for looking at what it would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext as _

from byoc.sentences import in_words
from companions.checks import BadCheck, Check, parse_checks
from companions.models import Mode
from companions.services.audiences import clean_audience
from companions.services.editing import line
from humana.kernel.errors import Invalid
from humana.kernel.text import clean_text

MOST_RESTRICTIONS = 20


def policy_fields(
    *,
    name: str,
    regulation: str,
    requirement: str,
    active: bool = True,
    audience: Mapping[str, Any] | None = None,
    checks: Sequence[Any] | None = None,
    mode: str | None = None,
) -> dict[str, Any]:
    """What is None is not said: it stays as it is."""
    wanted: dict[str, Any] = {
        "name": line(name, field="name", limit=120),
        "regulation": line(regulation, field="regulation", limit=60),
        "requirement": clean_text(requirement, field="requirement", limit=2000).strip(),
        "active": active,
    }
    if audience is not None:
        wanted["audience"] = clean_audience(audience)
    if checks is not None:
        wanted["checks"] = _checks(checks)
    if mode is not None:
        wanted["mode"] = _mode(mode)
    return wanted


def brand_fields(*, voice_and_tone: str, style: str, restrictions: Sequence[str]) -> dict[str, Any]:
    return {
        "voice_and_tone": line(voice_and_tone, field="voice_and_tone", limit=400, required=False),
        "style": line(style, field="style", limit=400, required=False),
        "restrictions": _restrictions(restrictions),
    }


def value_fields(*, title: str, description: str) -> dict[str, Any]:
    return {
        "title": line(title, field="title", limit=80),
        "description": line(description, field="description", limit=400),
    }


def _checks(checks: object) -> list[dict[str, Any]]:
    """In one spelling, so that what says the same is the same; refused with the path of what is wrong."""
    try:
        return [_as_json(one) for one in parse_checks(checks)]
    except BadCheck as error:
        raise Invalid(in_words(error.message), field=error.path, code="bad_check") from None


def _as_json(check: Check) -> dict[str, Any]:
    told = {name: list(one) if isinstance(one, tuple) else one for name, one in asdict(check).items()}
    if not check.message:
        del told["message"]
    return {"kind": check.kind, **told}


def _mode(mode: str) -> str:
    if mode not in Mode.values:
        raise Invalid(_("Choose one of what is offered."), field="mode", code="unknown")
    return mode


def _restrictions(texts: Sequence[str]) -> list[str]:
    if len(texts) > MOST_RESTRICTIONS:
        message = _("At most %(limit)d lines.") % {"limit": MOST_RESTRICTIONS}
        raise Invalid(message, field="restrictions", code="too_many")
    return [line(text, field="restrictions", limit=200) for text in texts]
