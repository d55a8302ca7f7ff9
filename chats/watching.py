"""The checks of policies, while one answer is made: the question before it is asked, the answer before it
is shown. Where no policy checks anything, nothing stands between the model and the reader.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TypeAlias

from byoc import gateway
from byoc.contracts import ChatMessage, ChatRequest, End, Event, ModelCard, TextDelta, Usage
from chats.blocking import Blocked
from chats.steps import Step
from companions.checks import Finding, Guard, Passed, Sieve, holds
from companions.checks.judging import Unjudged, parts, quoted, task, verdict
from companions.checks.kinds import Stage, ToolsCheck
from humana.kernel.errors import EndpointError

#: What passes: the model's own events, and what its tools do.
Said: TypeAlias = Event | Step

#: The judge decides within this time, or it did not; seconds.
JUDGE_SECONDS = 30.0
#: One short line, and room for a model that thinks aloud to itself.
JUDGE_TOKENS = 400


class Watch:
    """`findings` are what was found so far; `stopped` says that a policy ended the answer.

    `judge` is the model that recognizes topics, `judged` what it used each time, None where it does not
    say; `language` is that of the person who is told.
    """

    def __init__(self, guard: Guard, asked: str, *, judge: ModelCard | None, language: str) -> None:
        self._guard = guard
        self._asked = asked
        self._judge = judge
        self._language = language
        self._said: list[str] = []
        self._complete = False
        self.findings: list[Finding] = []
        self.judged: list[Usage | None] = []
        self.stopped = False

    async def question(self) -> None:
        """Raises Blocked where a policy keeps the question from the model."""
        if not self._guard.at("input"):
            return
        self._refuse(self._guard.findings("input", self._asked))  # told to no judge either
        self._refuse(await self._judged("input", self._asked))

    async def lets(self, text: str) -> bool:
        """Whether something short that a model wrote may be shown: looked at whole, as an answer is."""
        if not self._guard.at("output"):
            return True
        self.findings += self._guard.findings("output", text)
        if not any(one.blocks for one in self.findings):
            self.findings += await self._judged("output", text)
        return not any(one.blocks for one in self.findings)

    def answer(self, events: AsyncGenerator[Said, None]) -> AsyncGenerator[Said, None]:
        """The model's events of all its turns, with the text that may be shown.

        Stopped by a policy, it ends as filtered.
        """
        return self._checked(events) if self._guard.at("output") else events

    async def tool(self, text: str) -> bool:
        """Whether policies let it pass: what a tool is given, or what it said."""
        if not self._guard.at("tool"):
            return True
        found = await asyncio.to_thread(self._guard.findings, "tool", text)
        self.findings += found
        return not any(one.blocks for one in found)

    async def hands(self, name: str, arguments: str) -> bool:
        """Whether a call of the client's own tool may be handed to it: looked at as an answer is, and as what
        a tool is given. Where not, the answer was stopped.
        """
        self.tool_named(name)
        self.stopped = not (await self.tool(arguments) and await self.lets(f"{name} {arguments}"))
        return not self.stopped

    async def shows(self, text: str) -> bool:
        """Whether people may read it beside the answer; what they may not is left out without a word."""
        if not self._guard.at("output"):
            return True
        return await asyncio.to_thread(self._guard.lets, "output", text)

    def tool_named(self, name: str) -> None:
        """Note the use of a tool that a policy would not have, where that policy only watches."""
        for rule in self._guard.at("tool"):
            check = rule.check
            if isinstance(check, ToolsCheck) and not rule.blocks and name not in check.allowed:
                self.findings.append(Finding(rule, "tool", name))

    def missing(self, shown: str) -> str:
        """What the answer must still say after what is shown of it; nothing where nothing is."""
        if self._complete or not shown.strip():
            return ""
        self._complete = True
        due = [(rule, check) for rule, check in self._guard.disclaimers() if not holds(shown, check.text)]
        self.findings += [Finding(rule, "output") for rule, _check in due if not rule.blocks]
        texts = dict.fromkeys(check.text for rule, check in due if rule.blocks)
        return "".join(f"\n\n{one}" for one in texts)

    async def _checked(self, events: AsyncGenerator[Said, None]) -> AsyncGenerator[Said, None]:
        sieve, shown, end = Sieve(self._guard), "", End()
        try:
            async with aclosing(events):
                async for event in events:
                    if isinstance(event, End):
                        end = event
                    elif not isinstance(event, TextDelta):
                        yield event
                    elif text := self._take(sieve.feed(event.text), event.text):
                        shown += text
                        yield TextDelta(text)
                    if self.stopped:
                        break
        except EndpointError:
            if text := "" if sieve.whole else self._take(sieve.finish()):
                yield TextDelta(text)
            raise
        async for text in self._rest(sieve, shown):
            yield TextDelta(text)
        yield End("content_filter") if self.stopped else end

    async def _rest(self, sieve: Sieve, shown: str) -> AsyncGenerator[str, None]:
        """What was held back, once all is judged, and what the answer must still say."""
        held = "" if self.stopped else self._take(sieve.finish())
        if sieve.whole and not self.stopped:
            held = held if await self._passes() else ""
        if held:
            yield held
        if not sieve.whole and not self.stopped:
            await self._passes()
        if due := self.missing(shown + held):
            yield due

    async def _passes(self) -> bool:
        """Whether the whole answer speaks of no closed topic."""
        found = await self._judged("output", "".join(self._said))
        self.findings += found
        self.stopped = any(one.blocks for one in found)
        return not self.stopped

    def _take(self, passed: Passed, said: str = "") -> str:
        self._said.append(said)
        self.findings += passed.found
        self.stopped = passed.stopped
        return passed.text

    def _refuse(self, found: list[Finding]) -> None:
        self.findings += found
        if any(one.blocks for one in found):
            raise Blocked(found, self._language)

    async def _judged(self, stage: Stage, text: str) -> list[Finding]:
        """Topics that the judge recognizes. Where it cannot say, each rule finds that it was not judged."""
        rules = self._guard.topics(stage)
        if not rules or not text.strip():
            return []
        topics = list(dict.fromkeys(topic for _rule, check in rules for topic in check.topics))
        try:
            async with asyncio.timeout(JUDGE_SECONDS):
                closed = await self._ask(topics, text)
        except (EndpointError, Unjudged, TimeoutError):
            return [Finding(rule, stage, "unjudged") for rule, _check in rules]
        return [Finding(rule, stage, one) for rule, check in rules for one in check.topics if one in closed]

    async def _ask(self, topics: list[str], text: str) -> set[str]:
        card = self._judge
        if card is None:
            raise Unjudged("no model can be asked")
        found: set[str] = set()
        for part in parts(text):
            messages = (ChatMessage("system", task(topics)), ChatMessage("user", quoted(part)))
            request = ChatRequest(messages, card.model, max_tokens=JUDGE_TOKENS, temperature=0.0)
            answer = await gateway.llm(card).generate(request)
            self.judged.append(answer.usage)
            found.update(verdict(answer.text, topics))
        return found
