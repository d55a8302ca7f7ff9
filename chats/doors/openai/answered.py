"""An answer as the protocol of responses tells it: whole, or event by event.

response.created · in_progress
  output_item.added · content_part.added · output_text.delta …
    output_text.annotation.added … · .done · content_part.done · output_item.done
  output_item.added · function_call_arguments.delta · .done · output_item.done         for each call
response.completed | incomplete | failed
"""

from __future__ import annotations

from contextlib import aclosing
from typing import Any

import msgspec

from byoc.contracts import End, TextDelta, ToolCall
from chats.answering import Answering
from chats.blocking import kept
from chats.doors.cited import NOTHING, Told, cited_by
from chats.doors.openai.errors import error_body
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
from chats.plans import RunPlan
from chats.watching import Said as Event
from humana.kernel.errors import EndpointError
from humana.kernel.http import Request, Send, send_chunk, send_json, start_events


class Answered:
    """Writes one answer; `echo` is what it repeats of the question."""

    def __init__(self, plan: RunPlan, request: Request, send: Send, echo: dict[str, Any]) -> None:
        self._plan, self._request, self._send, self._echo = plan, request, send, echo
        self._id, self._item = response_id(plan.run_id), f"msg_{plan.message_id.hex}"
        self._number = 0
        self._output: list[dict[str, Any]] = []
        self._text: list[str] = []
        self._calls: list[dict[str, Any]] = []
        self._cited: Told = NOTHING
        self._begun = False

    async def whole(self, answering: Answering) -> None:
        async with aclosing(answering.events()) as events:
            calls = [event async for event in events if isinstance(event, ToolCall)]
        self._cited = await cited_by(self._plan, answering.outcome.whole_text)
        if text := self._said(answering):
            self._output.append(self._message("completed", [text]))
        self._output += map(called, calls)
        await send_json(self._send, self._request, 200, self._response(answering))

    async def stream(self, answering: Answering) -> None:
        """A failure before the first word is an HTTP error, later an event."""
        async with aclosing(answering.events()) as events:
            first = await _first(events)
            await start_events(self._send, self._request)
            await self._tell("created", response=self._response())
            await self._tell("in_progress", response=self._response())
            try:
                await self._say(first)
                async for event in events:
                    await self._say(event)
            except EndpointError as error:
                await self._fail(error)
                return
        await self._finish(answering)

    async def _say(self, event: Event | None) -> None:
        if isinstance(event, TextDelta):
            await self._begin()
            self._text.append(event.text)
            await self._tell("output_text.delta", **self._place, delta=event.text, logprobs=[])
        elif isinstance(event, ToolCall):
            self._calls.append(called(event))  # told once it is known what the answer cites

    async def _begin(self) -> None:
        if self._begun:
            return
        self._begun = True
        await self._tell("output_item.added", output_index=0, item=self._message("in_progress", []))
        await self._tell("content_part.added", **self._place, part=text_part(""))

    async def _end_message(self) -> None:
        if not self._begun or self._output:
            return
        text = "".join(self._text)
        part = text_part(text, self._cited)
        for index, one in enumerate(part["annotations"]):
            told = {"annotation_index": index, "annotation": one}
            await self._tell("output_text.annotation.added", **self._place, **told)
        await self._tell("output_text.done", **self._place, text=text, logprobs=[])
        await self._tell("content_part.done", **self._place, part=part)
        item = self._message("completed", [part])
        self._output.append(item)
        await self._tell("output_item.done", output_index=0, item=item)

    async def _call(self, item: dict[str, Any]) -> None:
        place = {"item_id": item["id"], "output_index": len(self._output)}
        begun = {**item, "arguments": "", "status": "in_progress"}
        await self._tell("output_item.added", output_index=place["output_index"], item=begun)
        await self._tell("function_call_arguments.delta", **place, delta=item["arguments"])
        told = {"arguments": item["arguments"], "name": item["name"]}
        await self._tell("function_call_arguments.done", **place, **told)
        self._output.append(item)
        await self._tell("output_item.done", output_index=place["output_index"], item=item)

    async def _finish(self, answering: Answering) -> None:
        if answering.stopped_by_policy and not self._begun:
            self._output.append(self._message("completed", [self._said(answering)]))
        self._cited = await cited_by(self._plan, "".join(self._text))
        await self._end_message()
        for one in self._calls:
            await self._call(one)
        response = self._response(answering)
        await self._tell(response["status"], response=response, last=True)

    async def _fail(self, error: EndpointError) -> None:
        told = error_body(error, self._request)["error"]
        failed = {**self._response(), "status": "failed"}
        failed["error"] = {"code": "server_error", "message": told["message"]}
        await self._tell("failed", response=failed, last=True)

    async def _tell(self, kind: str, *, last: bool = False, **data: Any) -> None:
        body = {"type": f"response.{kind}", "sequence_number": self._number, **data}
        self._number += 1
        head = f"event: response.{kind}\ndata: ".encode()
        await send_chunk(self._send, head + msgspec.json.encode(body) + b"\n\n", last=last)

    @property
    def _place(self) -> dict[str, Any]:
        return {"item_id": self._item, "output_index": 0, "content_index": 0}

    def _message(self, status: str, content: list[dict[str, Any] | None]) -> dict[str, Any]:
        return message(self._item, status, content)

    def _said(self, answering: Answering) -> dict[str, Any] | None:
        """The text, or why a policy stopped it; None where there is neither."""
        text = answering.outcome.whole_text
        if answering.stopped_by_policy and not text:
            return refusal(self._plan.language, kept(answering.findings))
        return text_part(text, self._cited) if text else None

    def _response(self, answering: Answering | None = None) -> dict[str, Any]:
        """As it stands: in progress, or how it ended."""
        status, reason, usage = "in_progress", "", None
        if answering:
            status, reason = status_of(answering.outcome.reason)
            usage = usage_of(answering.outcome.usage)
        return body(self._id, status, self._output, self._echo, reason=reason, usage=usage)


async def _first(events: Any) -> Event | None:
    """The first event that shows something: until then a failure can still be an HTTP status."""
    async for event in events:
        if isinstance(event, TextDelta | ToolCall | End):
            found: Event = event
            return found
    return None
