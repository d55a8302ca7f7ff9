"""People who keep working while their organization is moved, and what they were told was saved."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import close_old_connections, connections

from companions.models import Value
from humana.kernel.ports import record_trail
from tenants.context import use_tenant
from tenants.db.aliases import close_mine
from tenants.transactions import tenant_atomic


class People:
    """Each adds, changes and takes away values of the organization, one transaction after another."""

    def __init__(self, organization_id: uuid.UUID) -> None:
        self.organization_id = organization_id
        self.saved: dict[uuid.UUID, str] = {}  # what was acknowledged, as it was last
        self.gone: set[uuid.UUID] = set()
        self.writes = 0
        self.longest = 0.0  # seconds that one person waited for one write
        self.errors: list[BaseException] = []
        self.over = threading.Event()
        self._noting = threading.Lock()

    def work(self, who: int) -> None:
        try:
            turn = 0
            while not self.over.is_set():
                began = time.monotonic()
                with use_tenant(self.organization_id):
                    self._turn(f"{who}-{turn}", turn)
                self.longest = max(self.longest, time.monotonic() - began)
                close_old_connections()  # as at the end of a request: there are fewer than people
                turn += 1
                time.sleep(0.02)  # people think
        except BaseException as error:  # noqa: BLE001  the test that waits for us tells it
            self.errors.append(error)
        finally:
            close_mine()
            connections.close_all()

    def _turn(self, title: str, turn: int) -> None:
        value = Value(title=title, description="new")
        with tenant_atomic():
            value.save(force_insert=True)
            record_trail(action="test.worked", resource_type="value", resource_id=value.id)
        self._note(value, "new")
        if turn % 3 == 1:
            Value.objects.filter(id=value.id).update(description="changed")
            self._note(value, "changed")
        if turn % 5 == 2:
            key = value.id
            value.delete()
            with self._noting:
                self.gone.add(key)

    def _note(self, value: Value, description: str) -> None:
        with self._noting:
            self.saved[value.id] = description
            self.writes += 1

    def must_be_there(self) -> dict[uuid.UUID, str]:
        return {key: text for key, text in self.saved.items() if key not in self.gone}

    def found(self) -> dict[uuid.UUID, str]:
        """What the organization has of it, where it lives now."""
        with use_tenant(self.organization_id):
            rows = Value.objects.filter(description__in=["new", "changed"])
            return dict(rows.values_list("id", "description"))


@contextmanager
def people_at_work(organization_id: uuid.UUID, *, number: int) -> Iterator[People]:
    """`number` threads for the block; what went wrong in one of them is raised at its end."""
    people = People(organization_id)
    threads = [threading.Thread(target=people.work, args=(who,)) for who in range(number)]
    for thread in threads:
        thread.start()
    try:
        yield people
    finally:
        people.over.set()
        for thread in threads:
            thread.join(60)
    if people.errors:
        raise people.errors[0]
