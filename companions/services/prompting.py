"""The system prompt of one answer: compiled from what is in force now, and kept to be shown again."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Protocol

from companions.checks import Guard, guard_of
from companions.models import Companion, PromptSnapshot
from companions.prompts import Inheritance, instructions
from companions.queries import Heritage, heritage, inherited
from companions.references import Shared, sections
from tenants.statements import Statement, insert


class Project(Protocol):
    """A folder, as far as a prompt knows it."""

    id: uuid.UUID
    version: int
    name: str
    instructions: str


@dataclass(frozen=True, slots=True)
class PreparedPrompt:
    """`digest` names the snapshot of `text`; `provenance` is what it was made of, ready for JSON.

    `guard` is what the same policies enforce.
    """

    text: str
    digest: str
    provenance: Mapping[str, Any]
    guard: Guard = field(default_factory=Guard)

    def keeping(self) -> Statement:
        """Keeps the text to be shown again, once per content; sent with whatever names its digest."""
        return insert(PromptSnapshot(digest=self.digest, text=self.text), once=True)


def prepare_prompt(companion: Companion, from_main: Heritage | None = None) -> PreparedPrompt:
    """What the companion is told for the next answer; what it inherits is read now unless given."""
    return prompt_of(inherited(companion, from_main or heritage()))


def prompt_of(told: Inheritance) -> PreparedPrompt:
    """The same, of what was read already."""
    text = told.prompt()
    digest = sha256(text.encode()).hexdigest()
    return PreparedPrompt(text, digest, told.provenance(), guard_of(told.policies))


def with_instructions(prompt: PreparedPrompt, projects: Sequence[Project], language: str) -> PreparedPrompt:
    """The same prompt with what the folders of a chat say, the outermost first; told with their versions."""
    section = instructions(((one.name, one.instructions) for one in projects), language)
    if not section:
        return prompt
    text = "\n\n".join(part for part in (prompt.text, section) if part)
    stamps = [{"id": str(one.id), "version": one.version} for one in projects]
    return replace(
        prompt,
        text=text,
        digest=sha256(text.encode()).hexdigest(),
        provenance={**prompt.provenance, "folders": stamps},
    )


def with_shared(
    prompt: PreparedPrompt, shared: Shared, language: str, *, citing: bool = True
) -> PreparedPrompt:
    """The same prompt with skills and passages behind it; they are kept and told with it."""
    if not shared:
        return prompt
    text = "\n\n".join(part for part in (prompt.text, sections(shared, language, citing=citing)) if part)
    provenance = {**prompt.provenance, **shared.provenance()}
    return replace(prompt, text=text, digest=sha256(text.encode()).hexdigest(), provenance=provenance)
