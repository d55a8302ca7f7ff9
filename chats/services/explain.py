"""Why this answer: everything it was made with, for the person who got it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from audit.models import UsageEvent
from chats import shaping
from chats.attached import readable_cards
from chats.blocking import acted
from chats.models import Message, Run
from chats.permissions import READ
from chats.queries import latest_run
from chats.shaping import Told
from chats.step_words import ShownStep, tool_name
from chats.steps import steps_of
from companions.check_words import checks_words
from companions.informed import Passages, documents_told, knowledge_told, skills_told
from companions.informed import Told as Skill
from companions.models import PolicyVersion
from companions.queries import Told as Inherited
from companions.queries import prompt_text, told
from humana.kernel.errors import NotFound
from tenants.models import Membership
from tenants.permissions import require


@dataclass(frozen=True, slots=True)
class Explanation:
    """`prompt` is what the model was told, `told` what that was made of at that moment.

    `settings` are those that shaped the answer with the layer that said each, `stood_in_for` the
    endpoint that was asked first where another answered. `acted` is what checks of policies found in
    question and answer; `knowledge`, `documents` and `skills` are what it was given beside what is inherited,
    `cited` the numbers that it made of that and `unknown` how often it named one that nobody gave. `tools`
    are what it was offered, and `used` what it made of those. `by_words` says that a budget did not
    allow looking for passages by their meaning.
    """

    run: Run
    prompt: str
    told: Inherited
    usage: UsageEvent | None
    acted: list[dict[str, Any]]
    settings: list[Told]
    stood_in_for: str
    knowledge: list[Passages]
    documents: list[Passages]
    cited: list[int]
    unknown: int
    skills: list[Skill]
    tools: list[str]
    used: list[ShownStep]
    by_words: bool

    @property
    def policies(self) -> list[tuple[PolicyVersion, list[str]]]:
        """As they were then, with what they checked in words."""
        return [(one, checks_words(one.checks)) for one in self.told.policies]


def why(*, member: Membership, message: Message) -> Explanation:
    """Raises NotFound for anything that is not an answer with a run."""
    require(member, READ.name)
    run = latest_run(message)
    if run is None:
        raise NotFound("this message was not made by a run")
    return Explanation(
        run=run,
        prompt=prompt_text(run.prompt_digest) or "",
        told=told(run.provenance),
        usage=UsageEvent.objects.filter(run_id=run.id).first(),
        acted=acted(run.provenance),
        settings=[shaping.told(stamp) for stamp in run.provenance.get("settings", ())],
        stood_in_for=_instead_of(run),
        knowledge=knowledge_told(run.provenance),
        documents=documents_told(run.provenance, _names(member, run)),
        cited=run.provenance.get("cited", {}).get("numbers", []),
        unknown=run.provenance.get("cited", {}).get("unknown", 0),
        skills=skills_told(run.provenance),
        tools=[tool_name(one) for one in run.provenance.get("tools", {}).get("offered", ())],
        used=[ShownStep(one) for one in steps_of(message.parts, live=message.state in Message.LIVE)],
        by_words=run.provenance.get("by_words", False),
    )


def _names(member: Membership, run: Run) -> dict[uuid.UUID, str]:
    """Of the documents it was given, what those are called that the member may read now."""
    ids = {uuid.UUID(one["id"]) for one in run.provenance.get("documents", ())}
    return {key: card.name for key, card in readable_cards(member, ids).items()}


def _instead_of(run: Run) -> str:
    asked: str = run.provenance.get("asked", {}).get("endpoint", "")
    return asked if asked != run.endpoint else ""
