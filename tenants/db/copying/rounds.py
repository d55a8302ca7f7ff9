"""A round: the target made equal to one snapshot of the source, whatever it held before.

Rows are compared in buckets of about BUCKET neighbours by id. Where a bucket's digest differs, its
rows are compared one by one; those that differ are deleted there and written anew, with references
checked at the end. So inserts, changes and deletions are all one case, and so is a target that
somebody tampered with.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeVar

from django.utils.translation import gettext as _
from psycopg.errors import InsufficientPrivilege

from humana.kernel.errors import Conflict, HumanaError
from tenants.db.copying.sides import Buckets, Side, Slice
from tenants.db.copying.tables import Table, tables

#: Neighbouring rows that share a digest; also how finely differences are looked for.
BUCKET = 1000
#: As many buckets are carried in one go, when all of their rows are missing.
AT_ONCE = 20

Found = TypeVar("Found")
Tell = Callable[[int, int], None]


class NotEqual(HumanaError):
    """What was written is not what was read: the round is undone, nothing of it stays."""

    status, default_code = 500, "copy_not_equal"


class NamesAStranger(Conflict):
    """Where it is now nobody could be asked whom the row names; there somebody can (`RefuseStrangers`)."""

    default_code = "names_a_stranger"


@dataclass(frozen=True, slots=True)
class Compared:
    """A table after a round, equal on both sides; `changed` rows were carried or removed for it.

    `digest` is a SHA-256 over all of its rows.
    """

    rows: int
    digest: str
    changed: int


class Copy:
    """Rounds between two sides. What one round proved is not read again in the next where nobody wrote."""

    def __init__(self, source: Side, target: Side) -> None:
        self.source, self.target = source, target
        self._proved: dict[str, _Proved] = {}

    def synchronise(self, *, tell: Tell = lambda done, total: None) -> dict[str, Compared]:
        """Make the organization's rows at the target those of the source, as they are at this moment.

        `tell(done, total)` hears how many rows are certain. Raises NotEqual, or what a driver raises; a
        table that was finished before it stays, so the next round has less to do.
        """
        outcome: dict[str, Compared] = {}
        with self.source.reading(), ThreadPoolExecutor(2) as both:
            total = sum(self.source.count(table) for table in tables())
            for batch, empty in _batches(self.target):
                for table, proved in self._write(batch, empty, both):
                    outcome[table.name] = proved.compared
                    tell(sum(one.rows for one in outcome.values()), total)
        return outcome

    def _write(
        self, batch: Sequence[Table], empty: bool, both: ThreadPoolExecutor
    ) -> Iterator[tuple[Table, _Proved]]:
        proved = {}
        with self.target.writing():
            for table in batch:
                evening = _Evening(self.source, self.target, table, both)
                proved[table.name] = evening.even(self._proved.get(table.name), empty=empty)
                yield table, proved[table.name]
        self._proved |= proved


def synchronise(source: Side, target: Side, *, tell: Tell = lambda done, total: None) -> dict[str, Compared]:
    """One round alone: see `Copy.synchronise`."""
    return Copy(source, target).synchronise(tell=tell)


@dataclass(frozen=True, slots=True)
class _Proved:
    """A table as it was equal: the buckets of both sides with their marks."""

    bounds: list[uuid.UUID]
    source: Buckets
    target: Buckets
    compared: Compared


def _batches(target: Side) -> list[tuple[Sequence[Table], bool]]:
    """What is written together, and whether nothing is there: the filled tables, then each other alone.

    Rows that are there may be referred to by others that are there, so they change in one
    transaction. Behind the last of them all is empty, and a table only refers to earlier ones.
    """
    with target.reading():
        filled = [number for number, table in enumerate(tables()) if target.count(table)]
    there = filled[-1] + 1 if filled else 0
    return [(tables()[:there], False), *(([table], True) for table in tables()[there:])]


class _Evening:
    """One table on its way to be equal."""

    def __init__(self, source: Side, target: Side, table: Table, both: ThreadPoolExecutor) -> None:
        self.source, self.target, self.table, self.both = source, target, table, both
        self.bounds: list[uuid.UUID] = []

    def even(self, before: _Proved | None, *, empty: bool) -> _Proved:
        self.bounds = before.bounds if before else self.source.bounds(self.table, BUCKET)
        if empty:
            return self._fill()
        return self._mend(*(self._proved_still(before) if before else ({}, {})))

    def _fill(self) -> _Proved:
        """Nothing is there: everything is written, and then looked at on both sides."""
        for first, last in _runs(range(len(self.bounds) + 1)):
            self._take(Slice.between(self.bounds, first, last))
        wanted, found = self._of_both(lambda side: side.buckets(self.table, self.bounds))
        self._must_be_equal(wanted, found, sorted(wanted))
        return self._told(wanted, found, sum(bucket.rows for bucket in wanted.values()))

    def _mend(self, wanted: Buckets, found: Buckets) -> _Proved:
        """What `wanted` and `found` hold is known to be equal still."""
        known = wanted.keys()
        left = [number for number in range(len(self.bounds) + 1) if number not in known]
        if left:
            only = left if known else None
            read = self._of_both(lambda side: side.buckets(self.table, self.bounds, only))
            wanted, found = wanted | read[0], found | read[1]
        odd = sorted(n for n in wanted.keys() | found.keys() if wanted.get(n) != found.get(n))
        changed = self._carry(wanted, found, odd) if odd else 0
        if odd:
            found = self._look_again(wanted, found, odd)
        return self._told(wanted, found, changed)

    def _proved_still(self, before: _Proved) -> tuple[Buckets, Buckets]:
        """The buckets that nobody wrote on either side since they were equal."""
        source, target = self._of_both(lambda side: side.marks(self.table, self.bounds))
        still = [
            number
            for number, mark in source.items()
            if number in before.source
            and number in before.target
            and mark == before.source[number].mark
            and target.get(number) == before.target[number].mark
        ]
        return {n: before.source[n] for n in still}, {n: before.target[n] for n in still}

    def _told(self, wanted: Buckets, found: Buckets, changed: int) -> _Proved:
        rows = sum(bucket.rows for bucket in wanted.values())
        return _Proved(self.bounds, wanted, found, Compared(rows, _digest(wanted), changed))

    def _carry(self, wanted: Buckets, found: Buckets, odd: list[int]) -> int:
        missing = [number for number in odd if number not in found]
        mixed = [number for number in odd if number in found]
        changed = self._carry_rows(mixed) if mixed else 0
        for first, last in _runs(missing):
            self._take(Slice.between(self.bounds, first, last))
            changed += sum(wanted[number].rows for number in range(first, last + 1))
        return changed

    def _carry_rows(self, numbers: list[int]) -> int:
        wanted, found = self._of_both(lambda side: side.rows(self.table, self.bounds, numbers))
        stale = [key for key, digest in found.items() if wanted.get(key) != digest]
        fresh = [key for key, digest in wanted.items() if found.get(key) != digest]
        self.target.remove(self.table, stale)
        if fresh:
            self._take(Slice(ids=fresh))
        return len({*stale, *fresh})

    def _take(self, part: Slice) -> None:
        try:
            self.target.take(self.table, self.source, part)
        except InsufficientPrivilege as error:
            if "row-level security" not in str(error):
                raise
            raise NamesAStranger(
                _(
                    "A row of %(table)s names a member or a team of another organization, and no other place"
                    " takes it. Change or remove it where it is, then try again."
                )
                % {"table": self.table.name}
            ) from error

    def _look_again(self, wanted: Buckets, found: Buckets, odd: list[int]) -> Buckets:
        written = self.target.buckets(self.table, self.bounds, odd)
        self._must_be_equal(wanted, written, odd)
        return {number: bucket for number, bucket in found.items() if number not in odd} | written

    def _must_be_equal(self, wanted: Buckets, written: Buckets, numbers: list[int]) -> None:
        if wrong := [number for number in numbers if wanted.get(number) != written.get(number)]:
            message = _("%(table)s differs after it was copied, in part %(part)d. Nothing was changed.")
            raise NotEqual(message % {"table": self.table.name, "part": wrong[0]})

    def _of_both(self, look: Callable[[Side], Found]) -> tuple[Found, Found]:
        """The two servers work at the same time."""
        there = self.both.submit(look, self.target)
        return look(self.source), there.result()


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Neighbours joined, at most AT_ONCE of them: first and last of each run."""
    start = 0
    for here in range(1, len(numbers) + 1):
        ends = here == len(numbers) or numbers[here] != numbers[here - 1] + 1 or here - start == AT_ONCE
        if ends:
            yield numbers[start], numbers[here - 1]
            start = here


def _digest(buckets: Buckets) -> str:
    whole = sha256()
    for number in sorted(buckets):
        whole.update(buckets[number].digest)
    return whole.hexdigest()
