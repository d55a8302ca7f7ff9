"""What a service means by a status and the words beside it. The first rule that fits decides.

Each vendor has its own way: a wrong key is 401, at Google 400; a missing model 404, at OpenAI also 403.
"""

from __future__ import annotations

import re
from collections.abc import Container
from typing import NamedTuple

from byoc.contracts import Failure
from byoc.contracts.words import marked as _


class Verdict(NamedTuple):
    code: Failure
    permanent: bool
    sentence: str  # with places for name, status, model, words


class _Rule(NamedTuple):
    statuses: Container[int]
    words: str  # a pattern, searched without regard to case; "" fits all
    verdict: Verdict


_REFUSALS = (400, 401, 403, 404, 421, 422, 451)

_RULES = (
    _Rule(
        (429,),
        r"insufficient_quota|billing|credit balance|exceeded your current quota",
        Verdict(
            "rate_limited", True, _("%(name)s has used up its quota: add credit or raise the limit there.")
        ),
    ),
    _Rule(
        (400, 413, 422),
        r"context.{0,20}(length|size|window)|prompt is too long|too many (input )?tokens|exceed_context"
        r"|maximum context|token count .{0,40}exceeds",
        Verdict(
            "context_too_long",
            True,
            _("%(name)s cannot take a conversation of this length. It says: %(words)s"),
        ),
    ),
    _Rule(
        (413,),
        "",
        Verdict(
            "context_too_long",
            True,
            _("%(name)s cannot take a conversation of this length. It says: %(words)s"),
        ),
    ),
    _Rule(
        (402,), "", Verdict("rate_limited", True, _("%(name)s asks for payment: settle the account there."))
    ),
    _Rule(
        (400, 403, 422),
        r"content_filter|content management policy|ResponsibleAIPolicy|content policy|usage policies",
        Verdict("filtered", True, _("The filter of %(name)s refuses the conversation. It says: %(words)s")),
    ),
    _Rule(
        _REFUSALS,
        r"unsupported_country|location is not supported|incorrect_hostname|regional hostname"
        r"|not (available|supported|enabled) in (this|your) (region|country|location)|wrong region",
        Verdict(
            "unauthorized",
            True,
            _(
                "%(name)s does not serve this key in this region: correct region or address. It says: %(words)s"
            ),
        ),
    ),
    _Rule(
        (400, 401),
        r"api key (not valid|expired)|api_key_invalid|invalid (x-)?api.key",
        Verdict(
            "unauthorized",
            True,
            _(
                "%(name)s does not accept the key (%(status)s): enter a valid one that belongs to this address."
            ),
        ),
    ),
    _Rule(
        (401,),
        "",
        Verdict(
            "unauthorized",
            True,
            _(
                "%(name)s does not accept the key (%(status)s): enter a valid one that belongs to this address."
            ),
        ),
    ),
    _Rule(
        (404,),
        r"deployment",
        Verdict(
            "not_found",
            True,
            _("%(name)s has no deployment “%(model)s” (404): enter the name of one of that resource."),
        ),
    ),
    _Rule(
        (400, 403, 404),
        r"model_not_found|not_found_error|models?[/ :`'\"].{0,80}(not (found|exist)|does not exist|is not supported)"
        r"|no such model|unknown model",
        Verdict(
            "not_found",
            True,
            _("%(name)s knows no model “%(model)s” (%(status)s): choose one that it offers to this key."),
        ),
    ),
    _Rule(
        (404,),
        "",
        Verdict(
            "not_found",
            True,
            _("%(name)s knows no such path or model (404): check address, API version and model."),
        ),
    ),
    _Rule(
        (400,),
        r"api.version",
        Verdict("bad_request", True, _("%(name)s does not know this version of its API. It says: %(words)s")),
    ),
    _Rule(
        (403,),
        "",
        Verdict(
            "unauthorized",
            True,
            _("%(name)s does not allow this to the key (403): give it the right to use the model."),
        ),
    ),
    _Rule(
        range(300, 400),
        "",
        Verdict(
            "bad_request",
            True,
            _("%(name)s answers from another address (%(status)s): enter that; redirects are not followed."),
        ),
    ),
    _Rule((408,), "", Verdict("timeout", False, _("%(name)s gave up waiting (408)."))),
    _Rule((425, 429), "", Verdict("rate_limited", False, _("%(name)s asks us to slow down."))),
    _Rule(
        (409, 500, 502, 503, 504, *range(506, 600)),
        "",
        Verdict("overloaded", False, _("%(name)s is out of order or too busy (%(status)s).")),
    ),
)
_OTHERWISE = Verdict("bad_request", True, _("%(name)s refuses the request (%(status)s). It says: %(words)s"))


def judged(status: int, words: str) -> Verdict:
    for rule in _RULES:
        if status in rule.statuses and (not rule.words or re.search(rule.words, words, re.IGNORECASE)):
            return rule.verdict
    return _OTHERWISE
