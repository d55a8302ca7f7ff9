"""A collection of MongoDB, of which only one organization's entries exist.

MongoDB has no row-level security, so this is the guard: nothing else holds a collection, and every
method asks by `mine`.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from pymongo import ReturnDocument

from byoc.documents import OPERATION_MS
from documents import contract
from documents.stores.connecting import Server

Entry = dict[str, Any]
OWNER = "organization_id"


class Ours:
    """One collection, for one organization. Methods are those of pymongo, as far as they are needed."""

    def __init__(self, organization_id: uuid.UUID, server: Server, name: str) -> None:
        self.organization_id = organization_id
        self._server = server
        self._name = name

    def mine(self, where: Entry) -> Entry:
        """The question, of this organization. NoTenant outside it."""
        contract.must_be_in(self.organization_id)
        return {**where, OWNER: self.organization_id}

    def insert(self, entry: Entry) -> None:
        """DuplicateKeyError where the id is taken."""
        ours = self.mine(entry)
        with self._server.collection(self._name) as here:
            here.insert_one(ours)

    def first(self, where: Entry, fields: Entry) -> Entry | None:
        asked = self.mine(where)
        with self._server.collection(self._name) as here:
            found: Entry | None = here.find_one(asked, fields)
        return found

    def some(
        self, where: Entry, fields: Entry, *, order: Sequence[tuple[str, int]], limit: int
    ) -> list[Entry]:
        asked = self.mine(where)
        with self._server.collection(self._name) as here:
            found = here.find(asked, fields, max_time_ms=OPERATION_MS)
            return list(found.sort(list(order)).limit(limit))

    def change(self, where: Entry, change: Entry, fields: Entry) -> Entry | None:
        """Change one entry atomically; the entry afterwards, or None where none is so."""
        asked = self.mine(where)
        with self._server.collection(self._name) as here:
            found: Entry | None = here.find_one_and_update(
                asked, change, fields, return_document=ReturnDocument.AFTER
            )
        return found

    def change_all(self, where: Entry, change: Entry) -> int:
        """Change each entry that is so; how many."""
        asked = self.mine(where)
        with self._server.collection(self._name) as here:
            return int(here.update_many(asked, change).modified_count)

    def replace(self, where: Entry, entry: Entry) -> None:
        """This entry instead of that one, or as a new one."""
        asked, ours = self.mine(where), self.mine(entry)
        with self._server.collection(self._name) as here:
            here.replace_one(asked, ours, upsert=True)

    def take(self, where: Entry, fields: Entry) -> Entry | None:
        """Delete one entry; what it was."""
        asked = self.mine(where)
        with self._server.collection(self._name) as here:
            found: Entry | None = here.find_one_and_delete(asked, fields)
        return found

    def delete(self, where: Entry) -> int:
        asked = self.mine(where)
        with self._server.collection(self._name) as here:
            return int(here.delete_many(asked).deleted_count)

    def count(self, where: Entry) -> int:
        asked = self.mine(where)
        with self._server.collection(self._name) as here:
            return int(here.count_documents(asked, maxTimeMS=OPERATION_MS))

    def counted(self, field: str) -> list[Entry]:
        """How many entries there are of each value of a field: `_id` and `number`."""
        stages = [{"$match": self.mine({})}, {"$group": {"_id": f"${field}", "number": {"$sum": 1}}}]
        with self._server.collection(self._name) as here:
            return list(here.aggregate(stages, maxTimeMS=OPERATION_MS))

    def total(self, group: Entry) -> Entry:
        """Sums over all entries; empty where there is none."""
        stages = [{"$match": self.mine({})}, {"$group": {"_id": None, **group}}]
        with self._server.collection(self._name) as here:
            found = list(here.aggregate(stages, maxTimeMS=OPERATION_MS))
        return found[0] if found else {}
