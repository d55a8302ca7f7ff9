"""What a process keeps of the control plane is never older than a second."""

from __future__ import annotations

import uuid

import pytest
from django.core.cache import caches

from tenants import freshness
from tenants.freshness import Fresh

ORGANIZATION, OTHER = uuid.uuid4(), uuid.uuid4()


@pytest.fixture
def read() -> list[uuid.UUID | None]:
    return []


@pytest.fixture
def known(read: list[uuid.UUID | None]) -> Fresh[int]:
    """Counts how often it was read."""

    def load(organization_id: uuid.UUID | None) -> int:
        read.append(organization_id)
        return len(read)

    return Fresh(f"test-{uuid.uuid4().hex}", load)


def a_moment_later(known: Fresh[int]) -> None:
    """As if the half second in which nobody asks had passed."""
    for kept in known._kept.values():
        kept.asked_at -= freshness.UNASKED


@pytest.mark.django_db(transaction=True)
def test_what_did_not_change_is_read_once(known: Fresh[int]) -> None:
    assert known(ORGANIZATION) == 1
    a_moment_later(known)
    assert known(ORGANIZATION) == 1


@pytest.mark.django_db(transaction=True)
def test_a_change_in_another_process_is_seen(known: Fresh[int]) -> None:
    elsewhere = Fresh(known.name, known._load)
    assert (known(ORGANIZATION), known(OTHER)) == (1, 2)
    elsewhere.changed(ORGANIZATION)
    a_moment_later(known)
    assert (known(ORGANIZATION), known(OTHER)) == (3, 2)


@pytest.mark.django_db(transaction=True)
def test_a_change_of_the_platform_is_everybodys(known: Fresh[int]) -> None:
    elsewhere = Fresh(known.name, known._load)
    known(ORGANIZATION)
    elsewhere.changed(None)
    a_moment_later(known)
    assert known(ORGANIZATION) == 2


@pytest.mark.django_db(transaction=True)
def test_a_change_of_the_organization_itself_renews_all_of_it(known: Fresh[int]) -> None:
    assert (known(ORGANIZATION), known(OTHER)) == (1, 2)
    freshness.organization_changed(ORGANIZATION)
    a_moment_later(known)
    assert (known(ORGANIZATION), known(OTHER)) == (3, 2)


@pytest.mark.django_db(transaction=True)
def test_what_nobody_heard_of_is_read_again_in_the_end(known: Fresh[int]) -> None:
    known(ORGANIZATION)
    known._kept[ORGANIZATION].read_at -= freshness.OLDEST
    a_moment_later(known)
    assert known(ORGANIZATION) == 2


@pytest.mark.django_db(transaction=True)
def test_without_valkey_the_rows_are_read(known: Fresh[int], monkeypatch: pytest.MonkeyPatch) -> None:
    known(ORGANIZATION)
    monkeypatch.setitem(
        caches.settings, "platform", {**caches.settings["platform"], "LOCATION": "redis://127.0.0.1:1/0"}
    )
    del caches["platform"]
    try:
        a_moment_later(known)
        assert known(ORGANIZATION) == 2
    finally:
        del caches["platform"]
