"""What a person is told when an endpoint fails: what happened, and what to do."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from byoc.contracts.words import Worded
from humana.kernel.errors import EndpointError

_SENTENCES: dict[str, Promise] = {
    "not_configured": _("No model is connected. Ask your administrator to connect one."),
    "forbidden": _("The model's address is not allowed. Ask your administrator to check it."),
    "unreachable": _("The model cannot be reached just now. Try again in a moment."),
    "timeout": _("The model took too long to answer. Try again."),
    "rate_limited": _("The model is taking no more requests just now. Try again in a minute."),
    "overloaded": _("The model is too busy just now. Try again in a moment."),
    "unauthorized": _("The model does not accept our key. Ask your administrator to renew it."),
    "not_found": _("The model is not there any more. Ask your administrator to choose another."),
    "filtered": _("The model's service does not answer this. Say it differently, or start anew."),
    "bad_request": _("The model refused the request. Ask your administrator to check its settings."),
    "context_too_long": _("This conversation is too long for the model. Start a new one."),
    "cut": _("The answer broke off. Ask for it again."),
    "malformed": _("The model's service answered in a way we do not understand. Try again."),
}
_OTHERWISE = _("The model could not answer. Try again.")


def explain(error: EndpointError) -> Promise:
    """A sentence for the person in the chat, in their language, without technical detail."""
    return sentence_of(error.code)


def in_words(message: str) -> str:
    """What an adapter says to whoever runs an endpoint, in the language of the page."""
    if not isinstance(message, Worded):
        return message
    sentence = gettext(message.sentence)
    return sentence % message.told if message.told else sentence


def sentence_of(code: str) -> Promise:
    """The same for a failure that was kept as its code."""
    return _SENTENCES.get(code, _OTHERWISE)
