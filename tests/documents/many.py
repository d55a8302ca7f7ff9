"""A few passages, found as they are among very many."""

from __future__ import annotations

import pytest


def taken_for_many(monkeypatch: pytest.MonkeyPatch, weighed: int = 1) -> None:
    """No more than `weighed` passages have their words weighed, and two are fetched as the nearest."""
    monkeypatch.setattr("documents.indexes.postgres.FEW", 0)
    monkeypatch.setattr("documents.indexes.postgres.MOST_FETCHED", 2)
    monkeypatch.setattr("documents.indexes.rarity.MOST_WEIGHED", weighed)
    monkeypatch.setattr("documents.indexes.rarity.MOST_COUNTED", 1)
    monkeypatch.setattr("documents.indexes.rarity.ONE_IN", 1)
