"""`python -m tests.benchmarks.tenancy_reads`: what isolation costs a reader, beside the same without any.

The alternative reads the same rows of the same tables by Django's own backend, with a role that
row-level security does not hold, no context and an explicit WHERE. Ours and theirs in turn, medians.
"""

from __future__ import annotations

import os
import random
import statistics
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.benchmarks.stage import staged, verdict
from tests.plugins.services import Services, run_database

ORGANIZATIONS = int(os.environ.get("ORGANIZATIONS", "1000"))
CHATS = int(os.environ.get("CHATS", "1000"))
DOCUMENTS = int(os.environ.get("DOCUMENTS", "1000"))
READERS = 100  # organizations that have documents
TURNS = int(os.environ.get("TURNS", "600"))
PLAIN = "plain"


def main() -> int:
    with staged() as services:
        keys = _fill(services)
        with _plain(services):
            good = [*_request(keys), _recent(keys), _search(keys)]
    return 0 if all(good) else 1


def _fill(services: Services) -> list[uuid.UUID]:
    """A pool as it would be after years; rows are made by the server."""
    assert services.postgres is not None
    began = time.perf_counter()
    with services.postgres.connect(run_database()) as administrator:
        administrator.execute("SET session_replication_role = replica; SET search_path = pool_main, public")
        administrator.execute(
            "CREATE TEMP TABLE who AS SELECT gen_random_uuid() AS org, gen_random_uuid() AS owner,"
            f" gen_random_uuid() AS companion, n FROM generate_series(1, {ORGANIZATIONS}) AS n"
        )
        for statement in (_COMPANIONS, _CHATS, _WORDS):
            administrator.execute(
                statement.format(chats=CHATS, documents=DOCUMENTS, readers=READERS).encode()
            )
        administrator.execute("ANALYZE")
        keys = [key for (key,) in administrator.execute("SELECT org FROM who ORDER BY n")]
        total = administrator.execute("SELECT count(*) FROM chats_chat").fetchone()
    seconds = time.perf_counter() - began
    print(f"{total[0] if total else 0:,} chats of {len(keys):,} organizations made in {seconds:.0f} s")
    return keys


_COMPANIONS = """
    INSERT INTO companions_companion (id, created_at, updated_at, organization_id, slug, name, purpose,
        base_prompt, language, model, starters, state, version)
    SELECT companion, now(), now(), org, 'clara', 'Clara', 'Answers', 'You are Clara.', 'en', '', '[]',
        'active', 1 FROM who
"""
_CHATS = """
    INSERT INTO chats_chat (id, created_at, updated_at, organization_id, owner_id, companion_id, title,
        title_by_person, origin, is_example, pinned, archived, last_message_at, version)
    SELECT gen_random_uuid(), now(), now(), org, owner, companion, 'Chat ' || c, false, 'app', false, false,
        false, now() - c * interval '1 hour' - random() * interval '1 hour', 1
    FROM generate_series(1, {chats}) AS c, who
"""
_WORDS = """
    INSERT INTO documents_documentwords (id, created_at, updated_at, organization_id, document_id, words)
    SELECT gen_random_uuid(), now(), now(), org, gen_random_uuid(),
        ' ' || (SELECT string_agg('word' || ((g * 7919 + d * 104729) % 5000), ' ')
                FROM generate_series(1, 60) AS g) || CASE WHEN d % 200 = 0 THEN ' budget ' ELSE ' ' END
    FROM generate_series(1, {documents}) AS d, who WHERE n <= {readers}
"""


@contextmanager
def _plain(services: Services) -> Iterator[None]:
    """An alias without tenancy: the stock backend and a role past row-level security."""
    from django.db import connections

    assert services.postgres is not None
    with services.postgres.connect(run_database()) as administrator:
        administrator.execute("CREATE ROLE plain LOGIN BYPASSRLS PASSWORD 'plain'")
        administrator.execute(f"GRANT CONNECT ON DATABASE {run_database()} TO plain".encode())
        administrator.execute("GRANT USAGE ON SCHEMA pool_main TO plain")
        administrator.execute("GRANT SELECT ON ALL TABLES IN SCHEMA pool_main TO plain")
    ours = connections.settings["default"]
    pool = {name: value for name, value in ours["OPTIONS"]["pool"].items() if name != "reset"}
    options = {**ours["OPTIONS"], "pool": pool, "options": "-c search_path=pool_main,public"}
    connections.settings[PLAIN] = {
        **ours,
        "ENGINE": "django.db.backends.postgresql",
        "USER": "plain",
        "PASSWORD": "plain",
        "OPTIONS": options,
    }
    try:
        yield
    finally:
        connections[PLAIN].close()
        connections[PLAIN].close_pool()  # type: ignore[attr-defined]


def _context(key: uuid.UUID) -> Any:
    from tenants.context import TenantContext
    from tenants.models import Placement

    return TenantContext(key, "bench", Placement.objects.get(schema_name="pool_main").ref)


def _reads(rows: Callable[[Any], Any]) -> None:
    """What a page of a chat asks for."""
    from chats.models import Chat, Message
    from companions.models import Companion
    from documents.models import Folder

    chats = list(rows(Chat).order_by("-last_message_at")[:20])
    list(rows(Companion).order_by("name"))
    list(rows(Folder).order_by("name"))
    rows(Chat).filter(id=chats[0].id).get()
    list(rows(Message).filter(chat_id=chats[0].id))


def _ours(context: Any) -> None:
    from django.db import connections

    from tenants.context import use_tenant

    with use_tenant(context):
        _reads(lambda model: model.everything.all())
    connections["default"].close()  # as at the end of a request: back to the pool


def _theirs(key: uuid.UUID) -> None:
    from django.db import connections
    from django.db.models import QuerySet

    _reads(lambda model: QuerySet(model, using=PLAIN).filter(organization_id=key))
    connections[PLAIN].close()


def _request(keys: list[uuid.UUID]) -> Iterator[bool]:
    from django.db import connections

    pool = _context(keys[0])
    contexts = {key: type(pool)(key, "bench", pool.placement) for key in keys}
    messages = _messages(lambda: _ours(contexts[keys[0]])) - _messages(lambda: _theirs(keys[0]))
    for name, goal, per_transaction in (("session-level", 1.08, False), ("transaction-local", 1.15, True)):
        settings = connections["default"].settings_dict
        settings["ENTER_PER_TRANSACTION"] = per_transaction
        connections["default"].close_pool()  # type: ignore[attr-defined]
        ratio, told = _in_turn(keys, lambda key: _ours(contexts[key]), _theirs)
        yield verdict(f"a request with 5 reads, {name}: {told}", f"at most {goal}x", holds=ratio <= goal)
        settings["ENTER_PER_TRANSACTION"] = False
        connections["default"].close_pool()  # type: ignore[attr-defined]
    yield verdict(f"  messages more than without: {messages}", "at most 1", holds=messages <= 1)


def _messages(request: Callable[[], None]) -> int:
    """What a request waits for; the pool's workers clear connections after it."""
    import psycopg

    request()
    sent = [0]
    usual = psycopg.Connection.wait

    def counted(self: Any, waiting: Any, *args: Any, **options: Any) -> Any:
        if not threading.current_thread().name.startswith("pool-"):
            sent[0] += 1
        return usual(self, waiting, *args, **options)

    psycopg.Connection.wait = counted  # type: ignore[method-assign,assignment]
    try:
        request()
    finally:
        psycopg.Connection.wait = usual  # type: ignore[method-assign]
    return sent[0]


def _recent(keys: list[uuid.UUID]) -> bool:
    query = (
        "SELECT id, title, last_message_at FROM {schema}chats_chat WHERE {where}"
        " ORDER BY last_message_at DESC LIMIT 20"
    )
    return _query(f"last 20 of {ORGANIZATIONS * CHATS:,} chats", query, keys, goal=1.05)


def _search(keys: list[uuid.UUID]) -> bool:
    query = (
        "SELECT document_id FROM {schema}documents_documentwords"
        " WHERE {where} AND words_vector @@ '''budget'':*'::tsquery LIMIT 20"
    )
    words = f"search in {DOCUMENTS:,} documents of each of {READERS}"
    return _query(words, query, keys[:READERS], goal=1.2, turns=TURNS // 3)


def _query(what: str, query: str, keys: list[uuid.UUID], *, goal: float, turns: int = TURNS) -> bool:
    """The statement alone, as the application's role with its organization set, and as the other role."""
    import psycopg

    ours_url = os.environ["DATABASE_URL"]
    theirs_url = psycopg.conninfo.make_conninfo(ours_url, user=PLAIN, password=PLAIN)
    text = query.format(schema="pool_main.", where="organization_id = %s")
    with (
        psycopg.connect(ours_url, autocommit=True) as ours,
        psycopg.connect(theirs_url, autocommit=True) as theirs,
    ):

        def inside(key: uuid.UUID) -> None:
            ours.execute(text.encode(), [key]).fetchall()

        def enter(key: uuid.UUID) -> None:
            ours.execute("SELECT set_config('humana.organization', %s, false)", [key.hex])

        ratio, told = _in_turn(
            keys,
            inside,
            lambda key: theirs.execute(text.encode(), [key]).fetchall(),
            before=enter,
            turns=turns,
        )
    return verdict(f"{what}: {told}", f"at most {goal}x", holds=ratio <= goal)


def _in_turn(
    keys: list[uuid.UUID],
    ours: Callable[[uuid.UUID], Any],
    theirs: Callable[[uuid.UUID], Any],
    *,
    before: Callable[[uuid.UUID], Any] = lambda key: None,
    turns: int = TURNS,
) -> tuple[float, str]:
    chance = random.Random(1)
    mine: list[float] = []
    other: list[float] = []
    for turn in range(turns + 50):
        key = chance.choice(keys)
        before(key)
        pair = [(ours, mine), (theirs, other)]
        for act, times in pair if turn % 2 else reversed(pair):
            began = time.perf_counter()
            act(key)
            if turn >= 50:
                times.append(time.perf_counter() - began)
    here, there = statistics.median(mine), statistics.median(other)
    return here / there, f"{here * 1000:.2f} against {there * 1000:.2f} ms: {here / there:.2f}x"


if __name__ == "__main__":
    raise SystemExit(main())
