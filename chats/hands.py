"""The tools of one answer at work: each call is read, judged, confirmed where the tool asks for it, and made.

Whatever goes wrong is told to the model, which goes on without; nothing of it ends the answer.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from msgspec.structs import replace

from byoc.contracts import ToolCall
from chats.consent import wait_for_answer
from chats.plans import RunPlan
from chats.steps import Step, cut, readable, storable
from chats.tool_words import refusal, result
from chats.watching import Watch
from companions.services.tooling import Offered, ToolAnswer, call_tool
from humana.kernel.errors import HumanaError

log = logging.getLogger(__name__)

#: Longer arguments are refused: a person could not read what they allow.
LONGEST_ARGUMENTS = 20_000
#: A call that was made this often is not made again, nor one right after itself that went well.
SAME = 2


class NotUsed(Exception):
    """A call that is not made, or whose result is not told; `reason` as `tool_words.refusal` takes it."""

    def __init__(self, state: str, reason: str = "") -> None:
        super().__init__(state)
        self.state = state
        self.reason = reason or state


class Hands:
    """Iterate `use(…)` for one call; afterwards `told[call.id]` is what the model is given for it."""

    def __init__(self, plan: RunPlan, watch: Watch) -> None:
        self._plan, self._watch = plan, watch
        self._tools = {one.name: one for one in plan.tools}
        self._times: Counter[str] = Counter()
        self._refused: set[str] = set()  # what the person did not allow: they are not asked again
        self._last_good = ""
        self._calls = self._ms = 0
        self.characters = plan.limits.characters
        self.seconds = float(plan.limits.seconds)
        self.waited = 0.0  # for the person, in seconds
        self.told: dict[str, str] = {}

    @property
    def at_end(self) -> bool:
        """Whether no further call may be made in this answer."""
        limits = self._plan.limits
        return self._calls >= limits.calls or self.seconds <= 0 or self.characters <= 0

    async def use(self, call: ToolCall, *, at: int, number: int, room: int) -> AsyncGenerator[Step, None]:
        """What happens, as it happens; the last step says how it ended. `room` is in characters."""
        step = Step(call.id, call.name, "running", at=at, round=number)
        self._ms = 0
        try:
            tool, arguments = self._read(call)
            step = replace(step, arguments=readable(arguments))
            key = f"{call.name} {json.dumps(arguments, sort_keys=True)}"
            await self._judge(tool, key, arguments)
            if tool.confirm:
                yield self._question(step)
                await self._ask(call.id, key)
            yield step
            step = await self._heard(step, await self._call(tool, arguments), key, room)
        except NotUsed as reason:
            step = self._not_used(step, reason)
        yield await self._for_people(replace(step, ms=self._ms))

    def answer(self, call: ToolCall) -> str:
        """What the model is told of a call; those after the limit are not looked at."""
        return self.told.get(call.id) or refusal("limit")

    def _question(self, step: Step) -> Step:
        return replace(step, state="asking", until=int(time.time()) + self._plan.limits.consent_seconds)

    def _not_used(self, step: Step, reason: NotUsed) -> Step:
        """The model is told why; of arguments that a policy stopped nothing is kept."""
        self.told[step.call] = said = refusal(reason.reason)
        kept = "" if reason.state == "blocked" else step.arguments
        return replace(step, state=reason.state, arguments=kept, said=said)

    async def _for_people(self, step: Step) -> Step:
        """Without what a policy keeps out of answers."""
        shown = await self._watch.shows(f"{step.arguments}\n{step.said}")
        return step if shown else replace(step, arguments="", said="")

    def _read(self, call: ToolCall) -> tuple[Offered, Mapping[str, Any]]:
        if self.at_end:
            raise NotUsed("limit")
        self._calls += 1
        tool = self._tools.get(call.name)
        if tool is None:
            raise NotUsed("unknown")
        if len(call.arguments) > LONGEST_ARGUMENTS:
            raise NotUsed("invalid", "too_long")
        return tool, _object(call.arguments)

    async def _judge(self, tool: Offered, key: str, arguments: Mapping[str, Any]) -> None:
        if key in self._refused:
            raise NotUsed("repeated", "declined")
        if key == self._last_good or self._times[key] >= SAME:
            raise NotUsed("repeated")
        self._times[key] += 1
        self._watch.tool_named(tool.name)
        if not await self._watch.tool(storable(json.dumps(arguments, ensure_ascii=False))):
            raise NotUsed("blocked")

    async def _ask(self, call: str, key: str) -> None:
        """The person decides; no connection is held meanwhile, and the time is not the tools'."""
        plan = self._plan
        organization_id = plan.context.organization_id
        began = time.monotonic()
        allowed = await wait_for_answer(organization_id, plan.run_id, call, plan.limits.consent_seconds)
        self.waited += time.monotonic() - began
        if not allowed:
            self._refused.add(key)
            raise NotUsed("unanswered" if allowed is None else "declined")

    async def _call(self, tool: Offered, arguments: Mapping[str, Any]) -> ToolAnswer:
        plan, began = self._plan, time.monotonic()
        try:
            async with asyncio.timeout(self.seconds):
                return await call_tool(
                    plan.context,
                    plan.actor,
                    plan.companion_id,
                    plan.member_id,
                    tool,
                    arguments,
                    plan.run_id,
                )
        except TimeoutError:
            raise NotUsed("error", "slow") from None
        except HumanaError as error:
            raise NotUsed("error", storable(str(error))) from None
        except Exception:
            log.exception("a tool failed on our side", extra={"run": str(plan.run_id)})
            raise NotUsed("error", "failed") from None
        finally:
            self._spend(time.monotonic() - began)

    def _spend(self, seconds: float) -> None:
        self.seconds -= seconds
        self._ms = round(seconds * 1000)

    async def _heard(self, step: Step, answer: ToolAnswer, key: str, room: int) -> Step:
        """What came of it, told as data; not a word of what a policy keeps back."""
        text = storable(answer.text)
        if not await self._watch.tool(text):
            raise NotUsed("withheld")
        most = min(room, self.characters)
        self.characters -= min(len(text), most)
        self._last_good = "" if answer.is_error else key
        self.told[step.call] = result(
            step.name, text, room=most, is_error=answer.is_error, was_cut=answer.cut
        )
        return replace(step, state="error" if answer.is_error else "ok", said=cut(text, max(most, 1)))


def _object(arguments: str) -> Mapping[str, Any]:
    """No arguments are none; anything but a JSON object is refused."""
    try:
        read = json.loads(arguments or "{}", parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise NotUsed("invalid") from None
    if not isinstance(read, dict):
        raise NotUsed("invalid")
    return read


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON")
