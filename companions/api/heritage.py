"""Policies, values and the brand, as the API tells and takes them."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from rest_framework import serializers

from companions.models import Brand, Mode, Policy, Value
from companions.previews import Change, Preview
from companions.services.audiences import MOST_NAMED
from companions.services.drafts import MOST_RESTRICTIONS
from humana.api.inputs import IdOf, Input, Text, YesNo
from humana.api.shapes import NameRef, Shape


class PolicyShape(Shape, frozen=True):
    """A rule of the organization. An empty `audience` is every companion; otherwise lists of ids under
    `teams` (with all below them), `positions` and `companions`. `checks` are enforced in `mode`.
    """

    id: uuid.UUID
    name: str
    regulation: str
    requirement: str
    active: bool
    audience: dict[str, list[str]]
    checks: list[dict[str, Any]]
    mode: str
    position: int
    created_at: datetime
    updated_at: datetime
    version: int


class PolicyVersionShape(Shape, frozen=True):
    """A policy as it was published. `published_by` is null where Humana itself did."""

    id: uuid.UUID
    number: int
    name: str
    regulation: str
    requirement: str
    active: bool
    audience: dict[str, list[str]]
    checks: list[dict[str, Any]]
    mode: str
    published_by: uuid.UUID | None
    created_at: datetime


class ValueShape(Shape, frozen=True):
    """What the organization stands for; companions are told in the order of `position`."""

    id: uuid.UUID
    title: str
    description: str
    position: int
    created_at: datetime
    updated_at: datetime
    version: int


class BrandShape(Shape, frozen=True):
    """How the organization speaks. At version 0 nothing has been said yet."""

    voice_and_tone: str
    style: str
    restrictions: list[str]
    version: int


class BrandVersionShape(Shape, frozen=True):
    """The brand as it was published."""

    id: uuid.UUID
    number: int
    voice_and_tone: str
    style: str
    restrictions: list[str]
    published_by: uuid.UUID | None
    created_at: datetime


class ChangeShape(Shape, frozen=True):
    """What one companion would notice. `diff` is the unified diff of its system prompt; of the first
    hundred only, and empty where the prompt stays. `coverage` is same, new or gone.
    """

    companion: NameRef
    prompt_changes: bool
    coverage: str
    checks_change: bool
    diff: str


class PreviewShape(Shape, frozen=True):
    """What publishing would change; nothing is published. `silent` names companions that are stored where
    nothing answers now: they follow the change too.
    """

    companions: int
    of: int
    prompts: int
    newly_covered: int
    no_longer_covered: int
    checks_change: int
    changes: list[ChangeShape]
    silent: list[str]


class AudienceInput(Input):
    """Whom a policy is for: an empty object is every companion."""

    teams = serializers.ListField(child=IdOf(), max_length=MOST_NAMED, required=False)
    positions = serializers.ListField(child=IdOf(), max_length=MOST_NAMED, required=False)
    companions = serializers.ListField(child=IdOf(), max_length=MOST_NAMED, required=False)


class PolicyInput(Input):
    """A policy. What is not sent stays as it is; a new one is for everybody and checks nothing."""

    name = Text(max_length=120)
    regulation = Text(max_length=60)
    requirement = Text(max_length=2000)
    active = YesNo(required=False)
    audience = AudienceInput(required=False)
    checks = serializers.ListField(child=serializers.DictField(), required=False)
    mode = serializers.ChoiceField(choices=Mode.choices, required=False)


class PlacedPolicyInput(PolicyInput):
    """The same with its place among the others."""

    position = serializers.IntegerField(min_value=0, max_value=30_000, required=False)


class ValueInput(Input):
    """A value, as companions are told it."""

    title = Text(max_length=80)
    description = Text(max_length=400)


class PlacedValueInput(ValueInput):
    """The same with its place among the others."""

    position = serializers.IntegerField(min_value=0, max_value=30_000, required=False)


class BrandInput(Input):
    """How the organization speaks. What is not sent stays as it is."""

    voice_and_tone = Text(max_length=400, required=False, allow_blank=True)
    style = Text(max_length=400, required=False, allow_blank=True)  # type: ignore[assignment]
    restrictions = serializers.ListField(
        child=Text(max_length=200), max_length=MOST_RESTRICTIONS, required=False
    )


POLICY_FIELDS = ("name", "regulation", "requirement", "active")
VALUE_FIELDS = ("title", "description")
BRAND_FIELDS = ("voice_and_tone", "style", "restrictions")


def whole(row: Any, names: tuple[str, ...], sent: dict[str, Any]) -> dict[str, Any]:
    """What was sent, and of the rest what the row says: services take all of it."""
    return {name: getattr(row, name) for name in names} | sent


def policy(row: Policy) -> PolicyShape:
    return PolicyShape(*(getattr(row, name) for name in PolicyShape.__struct_fields__))


def value(row: Value) -> ValueShape:
    return ValueShape(*(getattr(row, name) for name in ValueShape.__struct_fields__))


def brand(row: Brand | None) -> BrandShape:
    row = row or Brand(version=0)
    return BrandShape(row.voice_and_tone, row.style, list(row.restrictions), row.version)


def preview(told: Preview) -> PreviewShape:
    return PreviewShape(
        companions=told.count,
        of=told.of,
        prompts=told.prompts,
        newly_covered=told.new,
        no_longer_covered=told.gone,
        checks_change=told.checks,
        changes=[_change(one) for one in told.shown],
        silent=told.silent,
    )


def _change(one: Change) -> ChangeShape:
    who = NameRef(one.companion.id, one.companion.name)
    return ChangeShape(who, one.prompt, one.coverage, one.checks, one.diff)
