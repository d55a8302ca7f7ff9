"""The house rules hold in every file, and each lint sees what it is for."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from humana.env import REPOSITORY
from tests.architecture import lints
from tests.architecture.lints import ALLOWED, PYTHON, TEMPLATES, Lint

PACKAGES = ("humana", "tenants", "byoc", "audit", "documents", "companions", "chats")


@cache
def files(pattern: str) -> list[tuple[str, str]]:
    """Path and text of every file of ours of this kind."""
    places = [REPOSITORY / name for name in (*PACKAGES, "templates")]
    found = sorted(path for place in places for path in Path(place).rglob(pattern))
    return [(path.relative_to(REPOSITORY).as_posix(), path.read_text("utf-8")) for path in found]


@cache
def told_of_python() -> dict[Lint, list[tuple[str, str]]]:
    """By lint, each path and what is wrong there; file by file, so that each is parsed once."""
    told: dict[Lint, list[tuple[str, str]]] = {lint: [] for lint in PYTHON}
    for path, text in files("*.py"):
        for lint in PYTHON:
            told[lint] += [(path, f"{path}:{wrong}") for wrong in lint(path, text)]
    return told


@pytest.mark.parametrize("lint", PYTHON, ids=lambda lint: lint.__name__)
def test_python_keeps(lint: Lint) -> None:
    found = told_of_python()[lint]
    assert [line for path, line in found if (lint.__name__, path) not in ALLOWED] == []
    places = {place for name, place in ALLOWED if name == lint.__name__}
    assert places <= {path for path, _line in found}, "an exception that nobody needs any more"


@pytest.mark.parametrize("lint", TEMPLATES, ids=lambda lint: lint.__name__)
def test_templates_keep(lint: Lint) -> None:
    assert [f"{path}:{wrong}" for path, text in files("*.html") for wrong in lint(path, text)] == []


INSIDE = "with use_tenant(here):\n        "
PLANTED: list[tuple[Lint, str, str]] = [
    (lints.bare_transactions, "chats/services/x.py", "from django.db import transaction"),
    (lints.bare_transactions, "audit/services/x.py", "from django.db.transaction import atomic"),
    (
        lints.bare_transactions,
        "audit/services/x.py",
        "def f():\n    from django.db.transaction import on_commit",
    ),
    (lints.queries_past_the_managers, "chats/queries.py", "Chat.objects.raw('SELECT 1')"),
    (lints.queries_past_the_managers, "chats/queries.py", "Chat.objects.all().extra(where=['1=1'])"),
    (lints.queries_past_the_managers, "chats/queries.py", "rows.annotate(x=RawSQL('1', []))"),
    (lints.queries_past_the_managers, "chats/queries.py", "with connection.cursor() as cursor: pass"),
    (lints.queries_past_the_managers, "chats/queries.py", "Chat.objects.using('default')"),
    (lints.queries_past_the_managers, "chats/queries.py", "models.QuerySet(Chat).all()"),
    (lints.sql_made_of_pieces, "tenants/x.py", "cursor.execute(f'SELECT {name}')"),
    (lints.sql_made_of_pieces, "tenants/x.py", "cursor.execute('SELECT %s' % name)"),
    (lints.sql_made_of_pieces, "tenants/x.py", "cursor.execute('SELECT ' + name + ' FROM x')"),
    (lints.sql_made_of_pieces, "tenants/x.py", "cursor.execute('SELECT {}'.format(name))"),
    (lints.yields_inside_an_organization, "chats/x.py", f"def f():\n    {INSIDE}yield 1"),
    (lints.yields_inside_an_organization, "chats/x.py", f"async def f():\n    {INSIDE}yield 1"),
    (
        lints.yields_inside_an_organization,
        "chats/x.py",
        f"def f():\n    {INSIDE}for one in all:\n            yield from one",
    ),
    (lints.contexts_of_the_library, "chats/x.py", "from django_tenants.utils import schema_context"),
    (lints.rows_at_the_edges, "chats/views.py", "Chat.objects.get(id=chat_id)"),
    (lints.rows_at_the_edges, "chats/api/views.py", "queryset = Chat.everything.all()"),
    (lints.rows_at_the_edges, "tenants/tasks.py", "Organization._base_manager.all()"),
    (lints.trusted_html, "chats/views.py", "return mark_safe(text)"),
    (lints.forgeries_let_in, "chats/views.py", "from django.views.decorators.csrf import csrf_exempt"),
    (lints.valkey_past_the_cache, "chats/x.py", "import redis"),
    (lints.valkey_past_the_cache, "chats/x.py", "import redis.asyncio as aioredis"),
    (lints.valkey_past_the_cache, "chats/x.py", "from valkey import Valkey"),
    (lints.valkey_past_the_cache, "chats/x.py", "from chats.streaming import RunStream, valkey"),
    (lints.keys_of_valkey, "chats/x.py", 'KEY = "humana:votes"'),
    (lints.keys_of_valkey, "chats/x.py", 'key = f"humana:votes:{organization_id}"'),
    (lints.everybodys_cache, "chats/x.py", "cache.clear()"),
    (lints.everybodys_cache, "chats/x.py", "self._cache.clear()"),
    (lints.everybodys_cache, "chats/x.py", 'caches["platform"].clear()'),
    (lints.everybodys_cache, "chats/x.py", "client.flushdb()"),
    (lints.inline_code, "x.html", "<script>alert(1)</script>"),
    (lints.inline_code, "x.html", "<style>p {}</style>"),
    (lints.inline_code, "x.html", '<p style="color: red">'),
    (lints.inline_code, "x.html", '<button onclick="go()">'),
    (lints.inline_code, "x.html", '<a href=" JavaScript:go()">'),
    (lints.inline_code, "x.html", '<script src="https://cdn.example/x.js"></script>'),
    (lints.inline_code, "x.html", '<link rel="stylesheet" href="//cdn.example/x.css">'),
    (lints.unescaped, "x.html", "{{ text|safe }}"),
    (lints.unescaped, "x.html", "{{ text | safe }}"),
    (lints.unescaped, "x.html", "{% autoescape off %}"),
]
FINE: list[tuple[Lint, str, str]] = [
    (lints.bare_transactions, "tenants/services/x.py", "from django.db import transaction"),
    (lints.bare_transactions, "chats/services/x.py", "from django.db import connections"),
    (lints.sql_made_of_pieces, "tenants/x.py", "cursor.execute('SELECT %s', [name])"),
    (
        lints.sql_made_of_pieces,
        "tenants/x.py",
        "admin.execute(sql.SQL('SELECT {}').format(sql.Identifier(name)))",
    ),
    (lints.yields_inside_an_organization, "chats/x.py", f"@contextmanager\ndef f():\n    {INSIDE}yield 1"),
    (lints.yields_inside_an_organization, "chats/x.py", f"def f():\n    {INSIDE}work()\n    yield 1"),
    (lints.rows_at_the_edges, "chats/queries.py", "Chat.objects.all()"),
    (lints.valkey_past_the_cache, "chats/x.py", "from chats.streaming import RunStream"),
    (lints.keys_of_valkey, "chats/x.py", 'key = f"humana:run:{organization_id}"'),
    (lints.everybodys_cache, "chats/x.py", "self._known.clear(); cache.delete('place')"),
    (
        lints.inline_code,
        "x.html",
        '<script src="/static/x.js" defer></script><link rel="icon" href="/static/x.svg">',
    ),
]


@pytest.mark.parametrize(("lint", "path", "text"), PLANTED)
def test_lint_sees(lint: Lint, path: str, text: str) -> None:
    assert list(lint(path, text))


@pytest.mark.parametrize(("lint", "path", "text"), FINE)
def test_lint_lets_pass(lint: Lint, path: str, text: str) -> None:
    assert list(lint(path, text)) == []


def test_every_kind_of_key_is_there() -> None:
    written = "\n".join(text for _path, text in files("*.py"))
    assert [key for key in lints.KEYS if f'"{key}' not in written] == [], "a key that nobody makes any more"


def test_every_lint_is_shown_to_see() -> None:
    assert {lint for lint, *_rest in PLANTED} == {*PYTHON, *TEMPLATES}
