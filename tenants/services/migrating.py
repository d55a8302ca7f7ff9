"""Every placement brought up to the code; those that wait for the same migrations, together.

A placement that fails gets a sentence and keeps nobody else; the next run tries it again. One whose
tables are in use is come back to after the others. Our main database is first; each one elsewhere is
worked on in a thread of its own, one after the other, and left behind when it goes silent.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from queue import Empty, SimpleQueue
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections
from django.db.utils import load_backend
from psycopg.errors import DeadlockDetected, LockNotAvailable

from humana.kernel.text import printable
from tenants.db.levels import level_of
from tenants.db.replay import (
    LOCK_TIMEOUT_MS,
    applied,
    applied_by_django,
    create_schema,
    migrate_by_django,
    replay,
)
from tenants.db.scripts import Name, State, script, wanted
from tenants.models import Placement
from tenants.owner import owner_connection, owner_settings

log = logging.getLogger(__name__)

#: How often a placement is tried whose tables are in use.
TRIES = 3
#: How long a placement on a server that is not ours may take, in seconds.
DEADLINE = 600
BUSY = (LockNotAvailable, DeadlockDetected)


class Result(StrEnum):
    MIGRATED = "migrated"
    ALREADY = "already"
    PENDING = "pending"  # only ever planned
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Target:
    """One schema to bring up to date. `alias` says in which database: any that has a way for its owner.

    `migrated` is how far the control plane believes it to be.
    """

    placement_id: uuid.UUID
    placement: str
    alias: str
    schema: str
    migrated: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a placement: the migrations it got or waits for, or why it did not get them."""

    target: Target
    result: Result
    migrations: tuple[Name, ...] = ()
    problem: str = ""


def targets(name: str | None = None) -> list[Target]:
    """Every placement, or the one of that name. What was never made is left to its job.

    First those in our main database, where most people are, and in each database the pools.
    """
    rows = Placement.objects.exclude(state=Placement.State.PREPARING, migrated="").order_by("name")
    chosen = rows.filter(name=name) if name else rows
    return [
        Target(row.id, row.name, row.database, row.schema_name, row.migrated)
        for row in sorted(chosen, key=lambda row: (row.database != DEFAULT_DB_ALIAS, row.isolation != "row"))
    ]


def migrate_targets(
    chosen: Sequence[Target],
    *,
    plan_only: bool = False,
    lock_timeout_ms: int = LOCK_TIMEOUT_MS,
    deadline: float = DEADLINE,
) -> Iterator[Outcome]:
    """Bring them up to date; one outcome for each, as they come."""
    by_alias: dict[str, list[Target]] = defaultdict(list)
    for target in chosen:
        by_alias[target.alias].append(target)
    for alias, ours in by_alias.items():
        database = _Database(alias, lock_timeout_ms)
        if alias == DEFAULT_DB_ALIAS:
            with database:
                yield from _in_one_database(database, ours, plan_only=plan_only)
        else:
            yield from _aside(database, ours, plan_only=plan_only, deadline=deadline)


def note_migrated(target: Target, state: State) -> None:
    """Tell the control plane how far a placement is."""
    level = level_of(state)
    if level != target.migrated:
        Placement.objects.filter(id=target.placement_id).update(migrated=level)


class _Silent(Exception):
    """Nothing came of a placement within its deadline."""


def _aside(database: _Database, ours: list[Target], *, plan_only: bool, deadline: float) -> Iterator[Outcome]:
    """In a thread of its own: what the driver would wait for without end is not waited for here.

    A thread that was left behind ends with its connection, or with this process; nothing is half done.
    """
    told: SimpleQueue[Outcome | _Patience | None] = SimpleQueue()

    def work() -> None:
        try:
            with database:
                told.put(_Patience(None if database.is_ours else deadline))
                for outcome in _in_one_database(database, ours, plan_only=plan_only):
                    told.put(outcome)
        finally:
            connections.close_all()
            told.put(None)

    threading.Thread(target=work, name=f"migrate-{database.alias}", daemon=True).start()
    left, patience = list(ours), _Patience(deadline)
    with suppress(Empty):
        while (said := told.get(timeout=patience.seconds)) is not None:
            if isinstance(said, _Patience):
                patience = said
            else:
                left.remove(said.target)
                yield said
    yield from (_failed(one, _Silent(f"nothing was heard within {deadline:g} seconds")) for one in left)


@dataclass(frozen=True, slots=True)
class _Patience:
    """How long the next outcome is waited for; None for as long as it takes, on our own server."""

    seconds: float | None


class _Database:
    """The ways into one database as its owner; a connection that was lost is opened again."""

    def __init__(self, alias: str, lock_timeout_ms: int) -> None:
        self.alias = alias
        self.lock_timeout_ms = lock_timeout_ms
        self._connection: psycopg.Connection[Any] | None = None

    def __enter__(self) -> _Database:
        return self

    def __exit__(self, *error: object) -> None:
        with suppress(Exception):  # the next database goes on, however this one ends
            if self._connection is not None:
                self._connection.close()

    @property
    def connection(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = owner_connection(self.alias)
        return self._connection

    def states(self, ours: Sequence[Target]) -> dict[str, State]:
        schemas = [target.schema for target in ours]
        if self.is_postgresql:
            return applied(self.connection, schemas)
        return dict.fromkeys(schemas, applied_by_django(self.alias))

    def bring(self, schema: str, state: State) -> None:
        """Lead one schema from `state` to what is wanted, the shortest way there is."""
        patience = self.lock_timeout_ms
        made = script(state) if self.is_postgresql else None
        if self.is_postgresql and not state:
            create_schema(self.connection, schema, alias=self.alias, lock_timeout_ms=patience)
        elif made is not None:
            replay(self.connection, schema, made, alias=self.alias, lock_timeout_ms=patience)
        else:
            migrate_by_django(schema, alias=self.alias, lock_timeout_ms=patience)

    @cached_property
    def is_ours(self) -> bool:
        """On the platform's own server. Where nobody can tell, it is not."""
        with suppress(Exception):  # whoever asks it for more is told
            return bool(owner_settings(self.alias).get("OURS"))
        return False

    @cached_property
    def is_postgresql(self) -> bool:
        engine = load_backend(owner_settings(self.alias)["ENGINE"])
        return bool(engine.DatabaseWrapper.vendor == "postgresql")


def _in_one_database(database: _Database, ours: list[Target], *, plan_only: bool) -> Iterator[Outcome]:
    try:
        states = database.states(ours)
    except Exception as error:  # noqa: BLE001 - whatever a server answers, the others go on
        yield from (_failed(one, error) for one in ours)
        return
    waiting: dict[State, list[Target]] = defaultdict(list)
    for target in ours:
        state = states[target.schema]
        if wanted() <= state:
            yield _already(target, state)
        elif plan_only:
            yield Outcome(target, Result.PENDING, tuple(sorted(wanted() - state)))
        else:
            waiting[state].append(target)
    yield from _in_groups(database, waiting)


def _already(target: Target, state: State) -> Outcome:
    """Nothing to do but to know it."""
    try:
        note_migrated(target, state)
    except Exception as error:  # noqa: BLE001 - nor does what cannot be noted stop the others
        return _failed(target, error)
    return Outcome(target, Result.ALREADY)


def _in_groups(database: _Database, waiting: dict[State, list[Target]]) -> Iterator[Outcome]:
    """Planned once for each group: what cannot be planned fails for all of it, at once."""
    for state, group in waiting.items():
        try:
            if database.is_postgresql:
                script(state)
        except Exception as error:  # noqa: BLE001 - a migration may raise anything
            yield from (_failed(one, error) for one in group)
        else:
            yield from _in_rounds(database, state, group)


def _in_rounds(database: _Database, state: State, group: list[Target]) -> Iterator[Outcome]:
    """One after the other; those in use again afterwards, with growing pauses between the rounds."""
    made = tuple(sorted(wanted() - state))
    for attempt in range(1, TRIES + 1):
        busy: list[Target] = []
        for target in group:
            problem = _attempt(database, target, state)
            if problem is None:
                yield Outcome(target, Result.MIGRATED, made)
            elif _is_busy(problem) and attempt < TRIES:
                busy.append(target)
            else:
                yield _failed(target, problem)
        if not busy:
            return
        group = busy
        time.sleep(attempt * database.lock_timeout_ms / 2000)


def _attempt(database: _Database, target: Target, state: State) -> Exception | None:
    """What went wrong, unless the placement is up to date all the same: another run was quicker."""
    try:
        try:
            database.bring(target.schema, state)
        except Exception:
            if not _is_up_to_date(database, target):
                raise
        note_migrated(target, state | wanted())
    except Exception as error:  # noqa: BLE001 - one placement never stops the others
        return error
    return None


def _is_up_to_date(database: _Database, target: Target) -> bool:
    with suppress(Exception):  # what it was asked for first is the problem to tell
        return wanted() <= database.states([target])[target.schema]
    return False


def _failed(target: Target, error: Exception) -> Outcome:
    log.warning("not migrated: %s", target.placement, exc_info=error)
    return Outcome(target, Result.FAILED, problem=_sentence(error))


def _is_busy(error: BaseException) -> bool:
    return isinstance(error, BUSY) or isinstance(error.__cause__, BUSY)


def _sentence(error: Exception) -> str:
    """What happened and what to do."""
    said = printable((str(error).strip() or type(error).__name__).splitlines()[0]).rstrip(".")
    if _is_busy(error):
        return f"Its tables were in use, {TRIES} times. Run this again when it is quieter."
    if isinstance(error, psycopg.OperationalError | OperationalError | _Silent):
        return f"Its database did not answer: {said}. See that it runs, then run this again."
    return f"{said}. Mend that, then run this again."
