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


_TOO_LONG = Verdict(
    "context_too_long", True, _("%(name)s cannot take a conversation of this length. It says: %(words)s")
)
_QUOTA = Verdict(
    "rate_limited", True, _("%(name)s has used up its quota: add credit or raise the limit there.")
)
_PAYMENT = Verdict("rate_limited", True, _("%(name)s asks for payment: settle the account there."))
_FILTERED = Verdict(
    "filtered", True, _("The filter of %(name)s refuses the conversation. It says: %(words)s")
)
_REGION = Verdict(
    "unauthorized",
    True,
    _("%(name)s does not serve this key in this region: correct region or address. It says: %(words)s"),
)
_KEY = Verdict(
    "unauthorized",
    True,
    _("%(name)s does not accept the key (%(status)s): enter a valid one that belongs to this address."),
)
_RIGHT = Verdict(
    "unauthorized",
    True,
    _("%(name)s does not allow this to the key (403): give it the right to use the model."),
)
_DEPLOYMENT = Verdict(
    "not_found",
    True,
    _("%(name)s has no deployment “%(model)s” (404): enter the name of one of that resource."),
)
MODEL = Verdict(
    "not_found",
    True,
    _("%(name)s knows no model “%(model)s” (%(status)s): choose one that it offers to this key."),
)
_PATH = Verdict(
    "not_found", True, _("%(name)s knows no such path or model (404): check address, API version and model.")
)
_VERSION = Verdict(
    "bad_request", True, _("%(name)s does not know this version of its API. It says: %(words)s")
)
_ELSEWHERE = Verdict(
    "bad_request",
    True,
    _("%(name)s answers from another address (%(status)s): enter that; redirects are not followed."),
)
_WAITED = Verdict("timeout", False, _("%(name)s gave up waiting (408)."))
_SLOWER = Verdict("rate_limited", False, _("%(name)s asks us to slow down."))
_BUSY = Verdict("overloaded", False, _("%(name)s is out of order or too busy (%(status)s)."))
_OTHERWISE = Verdict("bad_request", True, _("%(name)s refuses the request (%(status)s). It says: %(words)s"))

_QUOTA_WORDS = r"insufficient_quota|billing|credit balance|exceeded your current quota"
_LENGTH_WORDS = (
    r"context.{0,20}(length|size|window)|prompt is too long|too many (input )?tokens|exceed_context"
    r"|maximum context|token count .{0,40}exceeds"
)
_FILTER_WORDS = r"content_filter|content management policy|ResponsibleAIPolicy|content policy|usage policies"
_REGION_WORDS = (
    r"unsupported_country|location is not supported|incorrect_hostname|regional hostname"
    r"|not (available|supported|enabled) in (this|your) (region|country|location)|wrong region"
)
_MODEL_WORDS = (
    r"model_not_found|not_found_error|no such model|unknown model"
    r"|models?[/ :`'\"].{0,80}(not (found|exist)|does not exist|is not supported)"
)

_RULES = (
    _Rule((429,), _QUOTA_WORDS, _QUOTA),
    _Rule((400, 413, 422), _LENGTH_WORDS, _TOO_LONG),
    _Rule((413,), "", _TOO_LONG),
    _Rule((402,), "", _PAYMENT),
    _Rule((400, 403, 422), _FILTER_WORDS, _FILTERED),
    _Rule((400, 401, 403, 404, 421, 422, 451), _REGION_WORDS, _REGION),
    _Rule((400, 401), r"api key (not valid|expired)|api_key_invalid|invalid (x-)?api.key", _KEY),
    _Rule((401,), "", _KEY),
    _Rule((404,), r"deployment", _DEPLOYMENT),
    _Rule((400, 403, 404), _MODEL_WORDS, MODEL),
    _Rule((404,), "", _PATH),
    _Rule((400,), r"api.version", _VERSION),
    _Rule((403,), "", _RIGHT),
    _Rule(range(300, 400), "", _ELSEWHERE),
    _Rule((408,), "", _WAITED),
    _Rule((425, 429), "", _SLOWER),
    _Rule((409, 500, 502, 503, 504, *range(506, 600)), "", _BUSY),
)


def judged(status: int, words: str) -> Verdict:
    for rule in _RULES:
        if status in rule.statuses and (not rule.words or re.search(rule.words, words, re.IGNORECASE)):
            return rule.verdict
    return _OTHERWISE
