"""Companions, as the API tells and takes them."""

from __future__ import annotations

import uuid
from datetime import datetime

from rest_framework import serializers

from companions.models import Companion
from humana.api.inputs import IdOf, Input, Text
from humana.api.shapes import Shape


class CompanionShape(Shape, frozen=True):
    """A companion. An empty `model` is the organization's own choice; `access` says which other companions
    reach it, unless an access rule says otherwise.
    """

    id: uuid.UUID
    slug: str
    name: str
    purpose: str
    language: str
    model: str
    team_id: uuid.UUID | None
    position_id: uuid.UUID | None
    access: str
    starters: list[str]
    state: str
    created_at: datetime
    updated_at: datetime
    version: int


class CompanionDetail(CompanionShape, frozen=True):
    """One companion; `base_prompt` is null for those who may not edit companions."""

    base_prompt: str | None = None


class CompanionInput(Input):
    """A new companion. Its address follows from its name unless it is given."""

    name = Text(max_length=80)
    purpose = Text(max_length=200)
    base_prompt = Text(max_length=8000)
    language = serializers.ChoiceField(choices=Companion.Language.choices)
    slug = Text(max_length=50, required=False)
    model = Text(max_length=120, required=False, allow_blank=True)
    team_id = IdOf(required=False, allow_null=True)
    position_id = IdOf(required=False, allow_null=True)
    access = serializers.ChoiceField(choices=Companion.Access.choices, required=False)
    starters = serializers.ListField(child=Text(max_length=200), max_length=6, required=False)


class CompanionChanges(CompanionInput):
    """What can be changed; the address stays."""

    slug = None  # type: ignore[assignment]
    state = serializers.ChoiceField(choices=Companion.State.choices, required=False)


def companion(row: Companion, *, in_full: bool) -> CompanionDetail:
    told = [getattr(row, name) for name in CompanionShape.__struct_fields__]
    return CompanionDetail(*(*told, row.base_prompt if in_full else None))
