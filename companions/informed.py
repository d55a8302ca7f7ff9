"""What an answer was given of knowledge and skills, found again by its provenance."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from companions.models import Capability, KnowledgeAsset, KnowledgeVersion
from tenants.places import at_main


@dataclass(frozen=True, slots=True)
class Passages:
    """An asset at the version that was told, and which of its passages; named as it was called then. Or a
    document, named as it is called now.

    `there` is whether it is still there.
    """

    id: uuid.UUID
    title: str
    version: int
    ordinals: list[int]
    there: bool


@dataclass(frozen=True, slots=True)
class Told:
    """A skill at the version that was told, by its name of now; empty where it is gone."""

    id: uuid.UUID
    name: str
    version: int


def knowledge_told(provenance: Mapping[str, Any]) -> list[Passages]:
    """The assets in the order in which the prompt has them."""
    stamps = list(provenance.get("knowledge", ()))
    if not stamps:
        return []
    ordinals: dict[tuple[uuid.UUID, int], list[int]] = {}
    for one in stamps:
        ordinals.setdefault((uuid.UUID(one["id"]), one["version"]), []).append(one["ordinal"])
    ids = [key for key, _number in ordinals]
    with at_main():
        rows = KnowledgeVersion.objects.filter(asset_id__in=ids)
        titles = {
            (one, number): title for one, number, title in rows.values_list("asset_id", "number", "title")
        }
        there = set(KnowledgeAsset.objects.filter(id__in=ids).values_list("id", flat=True))
    return [
        Passages(key, titles.get((key, number), ""), number, places, key in there)
        for (key, number), places in ordinals.items()
    ]


def documents_told(provenance: Mapping[str, Any], names: Mapping[uuid.UUID, str]) -> list[Passages]:
    """The documents in the order in which the prompt has them; `names` are of those that may be read now."""
    ordinals: dict[tuple[uuid.UUID, int], list[int]] = {}
    for one in provenance.get("documents", ()):
        ordinals.setdefault((uuid.UUID(one["id"]), one["version"]), []).append(one["ordinal"])
    return [
        Passages(key, names.get(key, ""), number, places, key in names)
        for (key, number), places in ordinals.items()
    ]


def skills_told(provenance: Mapping[str, Any]) -> list[Told]:
    stamps = list(provenance.get("skills", ()))
    if not stamps:
        return []
    with at_main():
        names = dict(
            Capability.everything.filter(id__in=[one["id"] for one in stamps]).values_list("id", "name")
        )
    return [Told(key, names.get(key, ""), one["version"]) for one in stamps for key in [uuid.UUID(one["id"])]]
