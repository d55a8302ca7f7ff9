"""Responses that are kept: read again, asked what came in, let go.

GET     /v1/responses/{id}
DELETE  /v1/responses/{id}
GET     /v1/responses/{id}/input_items
"""

from __future__ import annotations

import re
import uuid
from typing import Any

from chats.blocking import ANSWER
from chats.doors.cited import NOTHING, Told, told_of
from chats.doors.openai.response_shapes import (
    body,
    called,
    message,
    refusal,
    response_id,
    status_of,
    text_part,
    usage_of,
)
from chats.doors.sentences import sentence_for
from chats.doors.visitors import said_in
from chats.models import Run
from chats.services.responses import Response, delete_response, response_of
from chats.turns import Turn
from humana.kernel.actor import Actor
from humana.kernel.errors import Invalid
from humana.kernel.http import Request, Send, send_json
from tenants.threads import in_thread

_ID = re.compile(r"resp_([0-9a-f]{32})")
#: Items of one page of what came in, at most, and where nothing is said.
MOST_ITEMS, USUAL_ITEMS = 100, 20


def run_named(response: str) -> uuid.UUID | None:
    """The run behind the id of a response; None for what is no id of ours."""
    found = _ID.fullmatch(response)
    return uuid.UUID(found[1]) if found else None


async def retrieve(request: Request, send: Send, token: str, response: str) -> None:
    if request.query.get("stream", [""])[-1] == "true":
        message = "A response that is kept is read whole: leave stream out."
        raise Invalid(message, field="stream", code="unsupported")
    asked: dict[str, Any] = {"token": token, "seen_as": request.actor(), "run_id": run_named(response)}
    await send_json(send, request, 200, await in_thread(_whole, **asked))


async def forget(request: Request, send: Send, token: str, response: str) -> None:
    run_id = run_named(response)
    await in_thread(delete_response, token=token, seen_as=request.actor(), run_id=run_id)
    await send_json(send, request, 200, {"id": response, "object": "response", "deleted": True})


async def input_items(request: Request, send: Send, token: str, response: str) -> None:
    """A page of them, the latest first unless `order` says asc; the next begins `after` an item's id."""
    asked: dict[str, Any] = {"token": token, "seen_as": request.actor(), "run_id": run_named(response)}
    items = await in_thread(_came_in, **asked)
    await send_json(send, request, 200, _page(items, request))


def _whole(*, token: str, seen_as: Actor, run_id: uuid.UUID | None) -> dict[str, Any]:
    with response_of(token=token, seen_as=seen_as, run_id=run_id) as response:
        return _body(response)


def _body(response: Response) -> dict[str, Any]:
    run, kept = response.run, response.kept
    status, reason, error = _ended(response)
    text = response.answer.text
    cited = told_of(response.member, response.answer.id, text) if text else NOTHING
    output = [*_message(response, cited), *map(called, kept.calls)]
    return body(
        response_id(run.id), status, output, kept.echo, reason=reason, usage=usage_of(kept.usage), error=error
    )


def _ended(response: Response) -> tuple[str, str, str]:
    """Its status, why it is incomplete, and what went wrong."""
    run = response.run
    if run.state in Run.LIVE:
        return "in_progress", "", ""
    if run.error == ANSWER:
        return "incomplete", "content_filter", ""
    if run.state == Run.State.DONE:
        return (*status_of(response.kept.reason), "")
    if run.state == Run.State.STOPPED:
        return "cancelled", "", ""
    return "failed", "", said_in("en", sentence_for("failed", run.error))


def _message(response: Response, cited: Told) -> list[dict[str, Any]]:
    """What it says, or why it says nothing; none where it is calls alone."""
    answer, run = response.answer, response.run
    named = f"msg_{answer.id.hex}"
    status = "in_progress" if run.state in Run.LIVE else "completed"
    if answer.text:
        return [message(named, status, [text_part(answer.text, cited)])]
    if run.error == ANSWER:
        return [message(named, status, [refusal(response.member.user.language, run.provenance)])]
    return []


def _came_in(*, token: str, seen_as: Actor, run_id: uuid.UUID | None) -> list[dict[str, Any]]:
    with response_of(token=token, seen_as=seen_as, run_id=run_id) as response:
        found = [one for turn in response.kept.said for one in _items(turn)]
        return [{"id": f"item_{response.answer.id.hex}_{at}", **one} for at, one in enumerate(found)]


def _items(turn: Turn) -> list[dict[str, Any]]:
    """What a program sent, as it could send it again."""
    if turn.role == "tool":
        told = {"call_id": turn.call_id, "output": turn.text, "status": "completed"}
        return [{"type": "function_call_output", **told}]
    kind = "output_text" if turn.role == "assistant" else "input_text"
    more: dict[str, Any] = {"annotations": [], "logprobs": []} if turn.role == "assistant" else {}
    content = [{"type": kind, "text": turn.text, **more}] if turn.text else []
    content += [{"type": "input_file", "file_id": f"file-{one}"} for one in turn.documents]
    said = {"type": "message", "role": turn.role, "status": "completed", "content": content}
    return [*([said] if content or not turn.calls else []), *map(called, turn.calls)]


def _page(items: list[dict[str, Any]], request: Request) -> dict[str, Any]:
    named = {name: values[-1] for name, values in request.query.items()}
    shown = items if named.get("order") == "asc" else items[::-1]
    ids = [one["id"] for one in shown]
    start = ids.index(named["after"]) + 1 if named.get("after") in ids else 0
    page = shown[start : start + _limit(named.get("limit", ""))]
    ends = {"first_id": page[0]["id"] if page else None, "last_id": page[-1]["id"] if page else None}
    return {"object": "list", "data": page, **ends, "has_more": start + len(page) < len(shown)}


def _limit(said: str) -> int:
    if not said:
        return USUAL_ITEMS
    if not said.isdecimal() or not 1 <= int(said[:9]) <= MOST_ITEMS:
        message = f"limit is a whole number from 1 to {MOST_ITEMS}."
        raise Invalid(message, field="limit", code="invalid_limit")
    return int(said)
