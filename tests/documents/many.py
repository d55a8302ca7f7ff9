"""A few passages, each of a source that has a name, and found as they are among very many."""

from __future__ import annotations

import uuid

import pytest
from django.db.models import QuerySet

from documents.finding import find
from documents.models import Chunk


def taken_for_many(monkeypatch: pytest.MonkeyPatch, weighed: int = 1) -> None:
    """No more than `weighed` passages have their words weighed, and none compared by their letters."""
    monkeypatch.setattr("documents.indexes.postgres.FEW", 0)
    monkeypatch.setattr("documents.indexes.rarity.MOST_WEIGHED", weighed)
    monkeypatch.setattr("documents.indexes.rarity.MOST_COUNTED", 1)
    monkeypatch.setattr("documents.indexes.rarity.ONE_IN", 1)


def found(told: dict[str, uuid.UUID], question: str, rows: QuerySet[Chunk] | None = None) -> list[str]:
    """Of which source each of the first passages is, by its name."""
    named = {key: name for name, key in told.items()}
    chunks = Chunk.objects.all() if rows is None else rows
    return [
        named[one.source_id] for one in find(chunks, question, passages=14, characters=9_000, meaning=False)
    ]
