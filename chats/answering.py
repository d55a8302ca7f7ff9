"""Making one answer: ask the model, keep what comes, end the run. No database connection is held.

Both doors use it: the runner (pages and /api/v1, readers follow the run's stream) and /v1, where
the request itself owns the run.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from byoc import gateway
from byoc.contracts import End, Switched, TextDelta, ToolCall, Usage
from chats.blocking import ANSWER, Blocked
from chats.endings import ending
from chats.models import Run
from chats.passing import Handing, handed
from chats.plans import Outcome, RunPlan
from chats.rounds import Rounds, until
from chats.services.runs import checkpoint, finish_run
from chats.steps import Step, over
from chats.watching import Said, Watch
from companions.checks import Finding
from humana.kernel.errors import EndpointError
from tenants.threads import in_thread

log = logging.getLogger(__name__)

#: What is written is kept at least this often; seconds.
CHECKPOINT_EVERY = 4.0


class Answering:
    """One run while it lasts. Iterate `events()`; afterwards `outcome` says how it ended.

    A consumer that is cancelled or closes the generator stops the model upstream; the run is then
    `stopped`, unless `interrupt()` said that we ourselves are the reason.
    """

    def __init__(self, plan: RunPlan) -> None:
        self.plan = plan
        self.outcome = Outcome()
        self._watch = Watch(plan.guard, plan.question, judge=plan.judge, language=plan.language)
        self._rounds = Rounds(plan, self._watch) if plan.tools else None
        self._handing = Handing(self._watch, plan.handed)
        self.outcome.steps = {one.call: one for one in plan.given}
        self.outcome.kept = plan.kept
        self._left = Run.State.STOPPED
        self._began = time.monotonic()
        self._kept_at = self._began
        self._keeping: asyncio.Task[None] | None = None

    @property
    def findings(self) -> Sequence[Finding]:
        """What policies found so far."""
        return self._watch.findings

    @property
    def stopped_by_policy(self) -> bool:
        return self._watch.stopped

    def interrupt(self) -> None:
        """Call before cancelling because this process goes away."""
        self._left = Run.State.INTERRUPTED

    async def events(self) -> AsyncGenerator[Said, None]:
        """The model's events and the uses of tools, noted as they pass; after policies have looked at
        question and answer.

        Raises EndpointError or Blocked after the run has ended.
        """
        outcome = self.outcome
        outcome.state = self._left
        try:
            await self._watch.question()
            async with aclosing(self._said()) as said, aclosing(self._watch.answer(said)) as events:
                async for event in self._with_calls(events):
                    self._note(event)
                    if isinstance(event, Step) and event.state == "asking":
                        await self._keep_now()  # whoever answers finds the question
                    yield event
            self._done()
        except Blocked as error:
            outcome.error, outcome.state = error.code, Run.State.FAILED
            outcome.input_tokens = outcome.output_tokens = 0  # no model was asked
            raise
        except EndpointError as error:
            outcome.error = error.code
            outcome.state = Run.State.INTERRUPTED if outcome.text else Run.State.FAILED
            raise
        except Exception:
            log.exception("the answer failed on our side")
            outcome.error = "error"
            outcome.state = Run.State.INTERRUPTED if outcome.text else Run.State.FAILED
            raise
        except BaseException:  # cancelled, or closed by the consumer
            outcome.state = self._left
            raise
        finally:
            await self._end()

    async def _with_calls(self, events: AsyncGenerator[Said, None]) -> AsyncGenerator[Said, None]:
        """Calls of the client's own tools stand right before the end."""
        async for event in events:
            if isinstance(event, ToolCall):
                self._handing.keep(event)
            elif isinstance(event, End):
                for call in await self._handing.over():
                    yield call
                yield End("content_filter") if self._watch.stopped else event
            else:
                yield event

    def _said(self) -> AsyncGenerator[Said, None]:
        """What the model says; with tools in several turns."""
        if self._rounds is not None:
            return self._rounds.events()
        return until(gateway.llm(self.plan.endpoint).stream(self.plan.request), self.plan.answer_seconds)

    def _done(self) -> None:
        """Complete; or stopped by a policy, which is a failure where nothing could be shown."""
        self.outcome.state = Run.State.DONE
        if self._watch.stopped:
            self.outcome.error = ANSWER
            self.outcome.state = Run.State.STOPPED if self.outcome.text else Run.State.FAILED
        elif self._rounds is not None and self._rounds.exhausted and not self.outcome.text:
            self.outcome.error, self.outcome.state = "tool_limit", Run.State.FAILED

    def _note(self, event: Said) -> None:
        if isinstance(event, TextDelta):
            self._note_text(event.text)
        elif isinstance(event, Switched):
            self.outcome.answered_by, self.outcome.why = event.now, event.why
        elif isinstance(event, Usage):
            self.outcome.count(event)
        elif isinstance(event, ToolCall):
            self.outcome.steps[event.id] = handed(event, len(self.outcome.whole_text))
            self.outcome.calls.append(event)
        elif isinstance(event, Step):
            self.outcome.steps[event.call] = event
            if event.state != "asking":
                self._keep_soon()
        elif isinstance(event, End):
            self.outcome.reason = event.reason

    @property
    def _waited(self) -> float:
        """Seconds, for the person."""
        return self._rounds.waited if self._rounds is not None else 0.0

    def _worked_ms(self, now: float) -> int:
        """Since the answer began, without what the person was waited for."""
        return round((now - self._began - self._waited) * 1000)

    def _note_text(self, text: str) -> None:
        now = time.monotonic()
        if not self.outcome.text:
            self.outcome.first_token_ms = self._worked_ms(now)
        self.outcome.text.append(text)
        if now - self._kept_at > CHECKPOINT_EVERY:
            self._keep_soon()

    def _keep_soon(self) -> None:
        """Beside the answer; one at a time, or an older state could be written last."""
        if self._keeping is None or self._keeping.done():
            self._kept_at = time.monotonic()
            self._keeping = asyncio.create_task(self._keep())

    async def _keep_now(self) -> None:
        if self._keeping is not None:
            await asyncio.wait([self._keeping])
        self._keep_soon()
        if self._keeping is not None:
            await asyncio.wait([self._keeping])

    async def _keep(self) -> None:
        try:
            await in_thread(checkpoint, self.plan, self.outcome.whole_text, self.outcome.parts)
        except Exception:
            log.exception("checkpoint failed; the answer goes on")

    async def _end(self) -> None:
        """Survives the cancellation of whoever asked."""
        self.outcome.waited_ms = round(self._waited * 1000)
        self.outcome.total_ms = self._worked_ms(time.monotonic())
        if missing := self._watch.missing(self.outcome.whole_text):
            self.outcome.text.append(missing)  # also of an answer that was stopped or broke off
        self.outcome.findings, self.outcome.judged = self._watch.findings, self._watch.judged
        self._end_steps()
        await ending(self._finish())

    def _end_steps(self) -> None:
        """What still went on was stopped; what was used is known only where it is of every turn."""
        self.outcome.steps = {call: over(step) for call, step in self.outcome.steps.items()}
        if self._rounds is not None and self._rounds.unmetered:
            self.outcome.input_tokens = self.outcome.output_tokens = self.outcome.cached_tokens = None

    async def _finish(self) -> None:
        if self._keeping is not None:
            await asyncio.wait([self._keeping])
        for pause in (0.2, 1.0, 3.0, 0.0):
            try:
                await in_thread(finish_run, self.plan, self.outcome)
                return
            except Exception:
                log.exception("the end of a run could not be written")
                await asyncio.sleep(pause)
