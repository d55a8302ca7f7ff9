"""Why this answer, for programs: everything it was made with, also after the rules have changed."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from chats.permissions import READ
from chats.queries import access_message
from chats.services.explain import Explanation, why
from companions.models import BrandVersion
from humana.api.schema import operation
from humana.api.shapes import NameRef, Shape
from humana.api.views import ApiView


class SettingShape(Shape, frozen=True):
    """A setting as it acted. `layer` said it: default, global, organization, team, user, companion or
    request; `limited_by` is the layer whose bound acted, empty where none did.
    """

    key: str
    value: Any
    layer: str
    limited_by: str


class FollowedShape(Shape, frozen=True):
    """A policy as it was when the answer was made."""

    id: uuid.UUID
    name: str
    version: int
    regulation: str
    requirement: str
    checks: list[dict[str, Any]]
    mode: str


class SpokenShape(Shape, frozen=True):
    """The brand as it was when the answer was made."""

    version: int
    voice_and_tone: str
    style: str
    restrictions: list[str]


class PassagesShape(Shape, frozen=True):
    """Which passages of an asset of knowledge, or of a document, were told, at which version; `ordinals`
    count from 0. The title of a document that the caller may not read any more is empty.
    """

    id: uuid.UUID
    title: str
    version: int
    ordinals: list[int]


class CitedShape(Shape, frozen=True):
    """The numbers that the answer cites, and how often it named one that it was not given."""

    numbers: list[int]
    unknown: int


class SkillShape(Shape, frozen=True):
    """A skill that was told, at which version; its name is as now."""

    id: uuid.UUID
    name: str
    version: int


class UsedShape(Shape, frozen=True):
    """A tool that was asked for, and what became of it: the `state` of a call."""

    name: str
    outcome: str


class ToolsShape(Shape, frozen=True):
    """By name, the tools that the model was offered, and each use that it asked for."""

    offered: list[str]
    used: list[UsedShape]


class WhyShape(Shape, frozen=True):
    """What an answer was made with. `prompt` is the system prompt to the character, `prompt_digest` its
    SHA-256. `stood_in_for` names the endpoint that was asked first where another answered. `values` are
    as they are now, without those dropped; `findings` are what checks of policies found. `by_words` says that
    passages were looked for by their words alone: a budget did not allow looking for their meaning.
    """

    message_id: uuid.UUID
    run_id: uuid.UUID
    model: str
    endpoint: str
    stood_in_for: str
    settings: list[SettingShape]
    policies: list[FollowedShape]
    values: list[NameRef]
    brand: SpokenShape | None
    knowledge: list[PassagesShape]
    documents: list[PassagesShape]
    by_words: bool
    cited: CitedShape
    skills: list[SkillShape]
    findings: list[dict[str, Any]]
    tools: ToolsShape
    prompt: str
    prompt_digest: str


class WhyView(ApiView):
    """Why one answer of the caller's is as it is."""

    permission = READ.name

    @operation("explainMessage", "Why an answer is as it is", gives=WhyShape)
    def get(self, request: Request, message_id: uuid.UUID) -> HttpResponse:
        message = access_message(member=self.member, message_id=message_id)
        return self.answer(_shape(message.id, why(member=self.member, message=message)), version=0)


def _shape(message_id: uuid.UUID, told: Explanation) -> WhyShape:
    run = told.run
    return WhyShape(
        message_id=message_id,
        run_id=run.id,
        model=run.model,
        endpoint=run.endpoint,
        stood_in_for=told.stood_in_for,
        settings=[SettingShape(**{"limited_by": "", **one}) for one in run.provenance.get("settings", ())],
        policies=_followed(told),
        values=[NameRef(one.id, one.title) for one in told.told.values],
        brand=_spoken(told.told.brand),
        knowledge=[PassagesShape(one.id, one.title, one.version, one.ordinals) for one in told.knowledge],
        documents=[PassagesShape(one.id, one.title, one.version, one.ordinals) for one in told.documents],
        by_words=told.by_words,
        cited=CitedShape(told.cited, told.unknown),
        skills=[SkillShape(one.id, one.name, one.version) for one in told.skills],
        findings=list(run.provenance.get("findings", ())),
        tools=ToolsShape(
            offered=list(run.provenance.get("tools", {}).get("offered", ())),
            used=[UsedShape(one.step.name, one.step.state) for one in told.used],
        ),
        prompt=told.prompt,
        prompt_digest=run.prompt_digest,
    )


def _followed(told: Explanation) -> list[FollowedShape]:
    return [
        FollowedShape(
            one.policy_id, one.named, one.number, one.regulation, one.requirement, one.checks, one.mode
        )
        for one in told.told.policies
    ]


def _spoken(one: BrandVersion | None) -> SpokenShape | None:
    return SpokenShape(one.number, one.voice_and_tone, one.style, one.restrictions) if one else None
