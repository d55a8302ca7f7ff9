"""Checks of a policy in words, for forms, histories and explanations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from companions.checks import BadCheck, parse_checks

KINDS: dict[str, Any] = {
    "pii": gettext_lazy("Personal data"),
    "topics": gettext_lazy("Closed subjects"),
    "pattern": gettext_lazy("An expression"),
    "disclaimer": gettext_lazy("A text that every answer has"),
    "tools": gettext_lazy("Tools that may be used"),
}
STAGES: dict[str, Any] = {
    "input": gettext_lazy("what people write"),
    "output": gettext_lazy("answers"),
    "tool": gettext_lazy("what tools are given"),
}
CLASSES: dict[str, Any] = {
    "cpf": "CPF",
    "cnpj": "CNPJ",
    "email": gettext_lazy("e-mail address"),
    "card": gettext_lazy("card number"),
    "phone": gettext_lazy("telephone number"),
}


def checks_words(checks: object) -> list[str]:
    """One line for each: "Personal data in answers: CPF, e-mail address"; what is no check says so."""
    if not isinstance(checks, list):
        return [_("cannot be read")]
    return [_words(one) if _readable(one) else _("cannot be read") for one in checks]


def _readable(check: object) -> bool:
    try:
        parse_checks([check])
    except BadCheck:
        return False
    return True


def _words(check: Mapping[str, Any]) -> str:
    kind = str(KINDS.get(check["kind"], check["kind"]))
    told = {"kind": kind, "where": STAGES.get(check["stage"], check["stage"]), "what": _what(check)}
    if check["kind"] in ("disclaimer", "tools"):
        return _("%(kind)s: %(what)s") % told
    return _("%(kind)s in %(where)s: %(what)s") % told


def _what(check: Mapping[str, Any]) -> str:
    if check["kind"] == "pii":
        return ", ".join(str(CLASSES.get(one, one)) for one in check["classes"])
    if check["kind"] == "tools":
        return ", ".join(check["allowed"]) or _("none")
    if check["kind"] == "topics":
        return ", ".join(check["topics"])
    return str(check.get("name") or check.get("text", ""))
