"""What a model is told of the tools it asked for. What a tool says is data, and never read for calls."""

from __future__ import annotations

from chats.steps import cut
from companions.toolbox.words import as_data

#: For every reason not to use a tool, what the model is told instead of a result.
REFUSED = {
    "unknown": "There is no such tool. Use only the tools you were given.",
    "invalid": "The arguments are not a JSON object. Call the tool again with valid arguments.",
    "too_long": "The arguments are too long. Call the tool with less.",
    "repeated": "You have made this very call already; what came of it stands above. Do not repeat it.",
    "limit": "No more tools may be used in this answer. Answer with what you have, and say what is missing.",
    "declined": "The person does not allow this call. Do not ask for it again; go on without it.",
    "unanswered": "The person did not allow this call in time. Do not ask for it again; go on without it.",
    "blocked": "A policy of the organization does not let this call be made. Go on without it.",
    "withheld": "A policy of the organization keeps back what the tool said. Go on without it.",
    "slow": "The tool took too long. Go on without it.",
    "failed": "The tool could not be used. Go on without it, or try once more.",
}
_CUT = "There was more; this is the beginning."
_FAILED = "The tool says that it failed."


def result(name: str, text: str, *, room: int, is_error: bool = False, was_cut: bool = False) -> str:
    """What a tool said, as the model is told; at most `room` characters of it."""
    told = [_FAILED] if is_error else []
    told.append(as_data(name, cut(text, max(room, 1))))
    return "\n".join([*told, _CUT] if was_cut or len(text) > room else told)


def refusal(reason: str) -> str:
    """Why a tool was not used."""
    return REFUSED.get(reason, reason)
