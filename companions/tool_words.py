"""Why a tool is not offered, in the reader's words. The codes are those of `companions.toolbox`."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

REASONS: dict[str, Any] = {
    "bad_name": _("It has no name, or one that cannot be used."),
    "no_object": _("Its arguments are not described as an object."),
    "bad_schema": _("The description of its arguments is not valid JSON Schema."),
    "too_large": _("The description of its arguments is too large, or grows when it is followed."),
    "too_deep": _("The description of its arguments is nested too deeply."),
    "circle": _("The description of its arguments goes round in circles."),
    "outward": _("The description of its arguments points outside of itself."),
    "bad_ref": _("The description of its arguments points at something that is not there."),
    "pattern_names": _("It takes arguments whose names are found by a pattern, which cannot be checked."),
    "in_headers": _("It wants its arguments in the headers of requests, which are not sent."),
}


def refusal_words(code: str) -> str:
    """The sentence for a code; the code itself where there is none."""
    return str(REASONS.get(code, code))


def look_words(offered: int, refused: int, changed: int) -> str:
    """What a look at a server found, in sentences."""
    told = ngettext(
        "It answers, and offers %(count)d tool.", "It answers, and offers %(count)d tools.", offered
    ) % {"count": offered}
    if refused:
        told += " " + ngettext("%(count)d was refused.", "%(count)d were refused.", refused) % {
            "count": refused
        }
    if changed:
        told += " " + ngettext(
            "%(count)d has changed: allow it again where you agree.",
            "%(count)d have changed: allow them again where you agree.",
            changed,
        ) % {"count": changed}
    return told
