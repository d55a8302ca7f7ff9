"""Knowledge, its rules and capabilities, as the API tells and takes them."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from rest_framework import serializers

from companions.beneficiaries import Beneficiary
from companions.models import Capability, Companion, KnowledgeAsset, SharingRule
from companions.models.knowledge import Level
from companions.services.capabilities import MOST_INSTRUCTIONS
from companions.services.knowledge import MOST_CHARACTERS
from humana.api.inputs import IdOf, Input, Text, YesNo
from humana.api.shapes import NameRef, Shape


class AssetShape(Shape, frozen=True):
    """A text that companions are told passages of. `level` says who is told, `widest` how far it may go.

    `source` is common (written for all), companion or person (shared by one).
    """

    id: uuid.UUID
    title: str
    summary: str
    language: str
    level: str
    widest: str
    team_id: uuid.UUID | None
    source: str
    shared_by_name: str
    created_at: datetime
    updated_at: datetime
    version: int


class MeaningShape(Shape, frozen=True):
    """By which model of embeddings passages are compared, and how far a change of it is.

    `state` is steady, renewing (questions go on by the model before) or waiting (`problem` says for what).
    """

    state: str
    model: str
    wanted: str
    done: int
    total: int
    problem: str


class AssetDetail(AssetShape, frozen=True):
    """One asset with its text, and how many answers it went into."""

    text: str
    uses: int


class AssetVersionShape(Shape, frozen=True):
    """What an asset said. `written_by` is null where Humana itself wrote it."""

    id: uuid.UUID
    number: int
    title: str
    summary: str
    text: str
    written_by: uuid.UUID | None
    created_at: datetime


class CapabilityShape(Shape, frozen=True):
    """A skill has instructions, knowledge an asset; integrations and tools are told by their description."""

    id: uuid.UUID
    kind: str
    name: str
    description: str
    instructions: str
    asset_id: uuid.UUID | None
    level: str
    team_id: uuid.UUID | None
    created_at: datetime
    updated_at: datetime
    version: int


class CapabilityDetail(CapabilityShape, frozen=True):
    """One capability, and how many answers were made with it."""

    uses: int


class GivenShape(Shape, frozen=True):
    """A capability as a companion has it."""

    id: uuid.UUID
    kind: str
    name: str
    description: str


class GivenListShape(Shape, frozen=True):
    """What a companion is given, by name."""

    results: list[GivenShape]


class BeneficiaryShape(Shape, frozen=True):
    """`why` is a code, whether it is told or not: everyone, in_team, not_named, excluded…"""

    companion: NameRef
    told: bool
    why: str


class BeneficiariesShape(Shape, frozen=True):
    """Every companion by name."""

    results: list[BeneficiaryShape]


class SharingRuleShape(Shape, frozen=True):
    """Named for an asset or a capability, or kept from it; without either, from the common base."""

    id: uuid.UUID
    asset_id: uuid.UUID | None
    capability_id: uuid.UUID | None
    companion_id: uuid.UUID | None
    member_id: uuid.UUID | None
    allow: bool
    created_at: datetime


class AssetInput(Input):
    """Something companions are to know. Without a level every companion is told."""

    title = Text(max_length=160)
    text = Text(max_length=MOST_CHARACTERS)
    summary = Text(max_length=400, required=False, allow_blank=True)
    language = serializers.ChoiceField(choices=Companion.Language.choices, required=False)
    level = serializers.ChoiceField(choices=Level.choices, required=False)
    team_id = IdOf(required=False, allow_null=True)


class ShareInput(Input):
    """What the caller knows. Without a level it is told as widely as their place allows."""

    title = Text(max_length=160)
    text = Text(max_length=MOST_CHARACTERS)
    language = serializers.ChoiceField(choices=Companion.Language.choices, required=False)
    level = serializers.ChoiceField(choices=Level.choices, required=False)


class KeepInput(Input):
    """How what a companion was told is kept; the title is its first line unless it is given."""

    title = Text(max_length=160, required=False)
    level = serializers.ChoiceField(choices=Level.choices, required=False)


class CapabilityChanges(Input):
    """What can be changed; the kind stays."""

    name = Text(max_length=80)
    description = Text(max_length=400, required=False, allow_blank=True)
    instructions = Text(max_length=MOST_INSTRUCTIONS, required=False, allow_blank=True)
    asset_id = IdOf(required=False, allow_null=True)
    level = serializers.ChoiceField(choices=Level.choices, required=False)
    team_id = IdOf(required=False, allow_null=True)


class CapabilityInput(CapabilityChanges):
    """A capability. A skill needs instructions, knowledge an asset."""

    kind = serializers.ChoiceField(choices=Capability.Kind.choices)


class SharingRuleInput(Input):
    """One companion or one person, and one asset or capability; neither of those is the whole common base.

    What was said of that pair before is replaced.
    """

    asset_id = IdOf(required=False, allow_null=True)
    capability_id = IdOf(required=False, allow_null=True)
    companion_id = IdOf(required=False, allow_null=True)
    member_id = IdOf(required=False, allow_null=True)
    allow = YesNo()


def asset(row: KnowledgeAsset, uses: int) -> AssetDetail:
    return AssetDetail(**_told(row, AssetShape), text=row.text, uses=uses)


def capability(row: Capability, uses: int) -> CapabilityDetail:
    return CapabilityDetail(**_told(row, CapabilityShape), uses=uses)


def rule(row: SharingRule) -> SharingRuleShape:
    return SharingRuleShape(**_told(row, SharingRuleShape))


def given(rows: list[Capability]) -> GivenListShape:
    return GivenListShape([GivenShape(**_told(row, GivenShape)) for row in rows])


def beneficiaries(found: list[Beneficiary]) -> BeneficiariesShape:
    return BeneficiariesShape(
        [BeneficiaryShape(NameRef(one.id, one.name), one.told, one.why) for one in found]
    )


def _told(row: Any, kind: type[Shape]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in kind.__struct_fields__}
