"""A policy stopped a question or an answer: the codes that are kept, and what the person reads.

The run keeps each finding in `provenance["findings"]`; the sentence is made of it in the reader's language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from companions.checks import Finding
from humana.kernel.errors import Invalid

#: Codes of `Run.error`: the question was not sent to the model; the answer ends where it stands.
QUESTION, ANSWER = "blocked_input", "blocked_output"
CODES = {"input": QUESTION, "output": ANSWER}

_CLASSES: dict[str, Promise] = {
    "cpf": _("a CPF"),
    "cnpj": _("a CNPJ"),
    "email": _("an e-mail address"),
    "card": _("a card number"),
    "phone": _("a telephone number"),
}
_WHATS: dict[str, Promise] = {
    **_CLASSES,
    "unjudged": _("could not be judged"),
    "unreadable": _("cannot be read"),
}
_KINDS: dict[str, Promise] = {"disclaimer": _("the required text was missing")}
_STAGES: dict[str, Promise] = {
    "input": _("in the question"),
    "output": _("in the answer"),
    "tool": _("in a tool"),
}
_EFFECTS: dict[str, Promise] = {"block": _("stopped"), "monitor": _("only noted")}
#: By stage, then by kind; "unjudged" and "unreadable" go before the kind.
_SENTENCES: dict[str, dict[str, Promise]] = {
    "input": {
        "pattern": _(
            "The policy “%(policy)s” keeps this from the model: your message holds something of “%(check)s”. "
            "It is saved; edit it and ask again."
        ),
        "pii": _(
            "The policy “%(policy)s” keeps this from the model: your message holds %(what)s. "
            "It is saved; take that out and ask again."
        ),
        "topics": _(
            "The policy “%(policy)s” keeps this from the model: your message speaks of “%(what)s”. "
            "It is saved; ask about something else."
        ),
        "unjudged": _(
            "The policy “%(policy)s” has every message looked at first, and that is not possible just now. "
            "Yours is saved and was not sent; try again in a moment."
        ),
        "unreadable": _(
            "What the policy “%(policy)s” checks cannot be read, so nothing is sent. Your message is saved; "
            "ask your administrator to look at this policy."
        ),
    },
    "output": {
        "pattern": _(
            "The policy “%(policy)s” stopped this answer: what came next held something of “%(check)s”. "
            "Ask in another way."
        ),
        "pii": _(
            "The policy “%(policy)s” stopped this answer: what came next held %(what)s. Ask in another way."
        ),
        "topics": _(
            "The policy “%(policy)s” holds this answer back: it speaks of “%(what)s”. "
            "Ask about something else."
        ),
        "unjudged": _(
            "The policy “%(policy)s” has every answer looked at first, and that is not possible just now. "
            "Try again in a moment."
        ),
    },
}


class Blocked(Invalid):
    """The question goes to no model. `findings` are why, `language` is that of the person."""

    def __init__(self, findings: Sequence[Finding], language: str) -> None:
        with override(language or "en"):
            super().__init__(sentence_of(QUESTION, kept(findings)), code=QUESTION)


def kept(findings: Sequence[Finding]) -> dict[str, Any]:
    """What a run's provenance keeps of them."""
    return {"findings": [one.stamp() for one in findings]} if findings else {}


def sentence_of(code: str, provenance: Mapping[str, Any]) -> str:
    """What the person reads of a run with this code; empty for any other.

    The policy's own message goes first where it has one; the name of the policy is always there.
    """
    for stamp in provenance.get("findings", ()):
        if stamp["mode"] == "block" and CODES.get(stamp["stage"]) == code:
            return _sentence(stamp)
    return str(IN_GENERAL.get(code, ""))


def acted(provenance: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What policies found while an answer was made, in words: policy, version, where, what and the effect."""
    return [
        {
            "policy": stamp["name"],
            "version": stamp["version"],
            "where": _STAGES[stamp["stage"]],
            "what": _what(stamp["what"]) or _KINDS.get(stamp["kind"], stamp["check"]),
            "effect": _EFFECTS[stamp["mode"]],
        }
        for stamp in provenance.get("findings", ())
    ]


def _sentence(stamp: Mapping[str, Any]) -> str:
    named = {"policy": stamp["name"], "check": stamp["check"], "what": _what(stamp["what"])}
    unknown = stamp["what"] in ("unjudged", "unreadable")
    if stamp["message"] and not unknown:
        message = gettext("%(message)s (Policy “%(policy)s”; nothing of yours is lost.)")
        return message % {"message": stamp["message"], "policy": stamp["name"]}
    return str(_SENTENCES[stamp["stage"]][stamp["what"] if unknown else stamp["kind"]]) % named


def _what(what: str) -> str:
    return str(_WHATS.get(what, what))


#: Where the finding itself is not at hand, as in a stream's last event.
IN_GENERAL: dict[str, Promise] = {
    QUESTION: _("A policy keeps this from the model. Your message is saved; edit it and ask again."),
    ANSWER: _("A policy stopped this answer. Ask in another way."),
}
