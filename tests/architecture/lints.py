"""House rules that neither ruff nor import-linter can say. Each lint reads one file.

A lint takes the path (relative to the repository) and the text, and returns what is wrong with the
line it is in.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from html.parser import HTMLParser
from typing import TypeGuard
from urllib.parse import urlsplit

from tenants.routing import TENANT_PLANE

Lint = Callable[[str, str], Iterator[str]]
EDGES = {"views", "api", "tasks", "forms", "middleware"}


#: Places where a lint does not count, and why.
ALLOWED = {
    ("forgeries_let_in", "documents/doors/openai_files.py"): "a key in a header, which no browser adds",
    ("sql_made_of_pieces", "tenants/joins.py"): "columns come from model fields, values are parameters",
    ("sql_made_of_pieces", "tenants/db/backend/entering.py"): "an entry of ours before a finished statement",
    ("sql_made_of_pieces", "tenants/db/dropping.py"): "names of our own tables, quoted; other vendors",
    ("sql_made_of_pieces", "tenants/db/residence.py"): "two constants of ours in one message",
    ("sql_made_of_pieces", "tenants/db/patience.py"): "SET takes no parameters; a number of ours",
    (
        "sql_made_of_pieces",
        "documents/indexes/sql.py",
    ): "the same question for several querysets, with theirs",
    (
        "queries_past_the_managers",
        "documents/indexes/sql.py",
    ): "querysets that managers gave, as Django says them",
    ("queries_past_the_managers", "documents/indexes/there.py"): "asks the catalogue for columns; no rows",
    ("valkey_past_the_cache", "chats/streaming.py"): "a stream's key names its organization; sealed for it",
    ("valkey_past_the_cache", "byoc/breaker.py"): "a breaker's key names the organization that asks",
    ("valkey_past_the_cache", "byoc/readings.py"): "knows its exceptions only; asks through the cache",
    ("valkey_past_the_cache", "byoc/services/health.py"): "knows its exceptions only; asks through the cache",
    ("valkey_past_the_cache", "chats/consent.py"): "an answer's key names its organization; sealed for it",
    ("valkey_past_the_cache", "chats/signals.py"): "a queue and a channel of signed references",
    ("valkey_past_the_cache", "chats/runner.py"): "takes from that queue, hears that channel",
    ("valkey_past_the_cache", "tenants/services/placing/removing.py"): "looks for what names one that goes",
    (
        "valkey_past_the_cache",
        "byoc/limits.py",
    ): "rates of an endpoint, which has one owner; through the cache",
    ("valkey_past_the_cache", "tenants/freshness.py"): "knows its exceptions only; asks through the cache",
}
#: How keys of ours in Valkey begin, and what in each names the organization.
KEYS = {
    "humana:breaker:": 'the id of the organization that asks follows, or "platform"',
    "humana:run:": "the organization's id follows; entries are sealed for it",
    "humana:runs:queued": "a list for all: each reference names its organization and is signed",
    "humana:runs:stop": "a channel for all: each reference names its organization and is signed",
    "humana:runs:owner:": "of a process, which belongs to no organization",
}


def _room(path: str) -> tuple[str, str]:
    """Application and room: `chats/services/replies.py` is (`chats`, `services`)."""
    parts = path.removesuffix(".py").split("/")
    return parts[0], parts[1] if len(parts) > 1 else ""


def _dotted(node: ast.expr) -> str:
    """`transaction.atomic` as text; empty for anything that is not names and dots."""
    if isinstance(node, ast.Attribute):
        before = _dotted(node.value)
        return f"{before}.{node.attr}" if before else f".{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


@lru_cache(maxsize=1)
def _nodes(text: str) -> tuple[ast.AST, ...]:
    """Of one file at a time: whoever asks for many lints asks file by file."""
    return tuple(ast.walk(ast.parse(text)))


def _calls(text: str) -> Iterator[tuple[ast.Call, str]]:
    for node in _nodes(text):
        if isinstance(node, ast.Call):
            yield node, _dotted(node.func)


def _imports(text: str) -> Iterator[tuple[ast.stmt, str]]:
    """Every imported name, in full."""
    for node in _nodes(text):
        if isinstance(node, ast.ImportFrom):
            yield from ((node, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)


def bare_transactions(path: str, text: str) -> Iterator[str]:
    """`atomic()` and `on_commit()` speak of `default`; a customer's database would not hear them."""
    app, room = _room(path)
    if app not in TENANT_PLANE or room == "migrations":
        return
    for node, name in _imports(text):
        if name in {
            "django.db.transaction",
            "django.db.transaction.atomic",
            "django.db.transaction.on_commit",
        }:
            yield f"{node.lineno}: tenant_atomic and on_tenant_commit, not {name}"


def queries_past_the_managers(path: str, text: str) -> Iterator[str]:
    """In the tenant plane every query passes a manager that knows the organization."""
    app, room = _room(path)
    if app not in TENANT_PLANE or room == "migrations":
        return
    for node, name in _calls(text):
        if name.rpartition(".")[2] in {"raw", "extra", "RawSQL", "cursor", "QuerySet"}:
            yield f"{node.lineno}: {name}() passes the managers by"
        if name.endswith(".using"):
            yield f"{node.lineno}: the context says which database, not using()"


def sql_made_of_pieces(path: str, text: str) -> Iterator[str]:
    """Values are parameters, names are psycopg.sql.Identifier."""
    if _room(path)[1] == "migrations":
        return
    for node, name in _calls(text):
        if (
            name.endswith((".execute", ".executemany", ".raw", "RawSQL"))
            and node.args
            and _is_pieced(node.args[0])
        ):
            yield f"{node.lineno}: SQL made of pieces in {name}()"


def _is_pieced(node: ast.expr) -> bool:
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.Call):
        return (
            isinstance(node.func, ast.Attribute) and node.func.attr == "format" and _is_text(node.func.value)
        )
    return isinstance(node, ast.BinOp) and (_is_text(node.left) or _is_pieced(node.left))


def _is_text(node: ast.AST) -> TypeGuard[ast.Constant]:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def yields_inside_an_organization(path: str, text: str) -> Iterator[str]:
    """A generator runs in its caller's context, which would then be inside too."""
    for function in _nodes(text):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and not _is_context_manager(function):
            for block in _own(function):
                if isinstance(block, ast.With | ast.AsyncWith) and _enters(block):
                    yield from (
                        f"{node.lineno}: yields inside {_enters(block)}"
                        for node in _own(block)
                        if _yields(node)
                    )


def _own(scope: ast.AST) -> Iterator[ast.AST]:
    """Everything below, but not what belongs to functions defined there."""
    for child in ast.iter_child_nodes(scope):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield child
            yield from _own(child)


def _yields(node: ast.AST) -> bool:
    return isinstance(node, ast.Yield | ast.YieldFrom)


def _enters(block: ast.With | ast.AsyncWith) -> str:
    names = (
        _dotted(item.context_expr.func) for item in block.items if isinstance(item.context_expr, ast.Call)
    )
    return next((name for name in names if name in {"use_tenant", "without_tenant", "acting_as"}), "")


def _is_context_manager(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    names = {
        _dotted(one.func if isinstance(one, ast.Call) else one).rpartition(".")[2]
        for one in function.decorator_list
    }
    return bool(names & {"contextmanager", "asynccontextmanager", "fixture"})


def contexts_of_the_library(path: str, text: str) -> Iterator[str]:
    """django-tenants keeps its own in one list for all threads, and they were seen swapped."""
    for node, name in _imports(text):
        if name.startswith("django_tenants.utils.") and name.endswith("_context"):
            yield f"{node.lineno}: use_tenant, not {name}"


def rows_at_the_edges(path: str, text: str) -> Iterator[str]:
    """Pages, routes and tasks ask queries and services; those know what may be seen."""
    app, room = _room(path)
    if app == "humana" or (room not in EDGES and not room.endswith("_pages")):
        return
    for node in _nodes(text):
        if isinstance(node, ast.Attribute) and node.attr in {"objects", "everything", "_base_manager"}:
            yield f"{node.lineno}: .{node.attr} at an edge: ask queries.py or a service"


def trusted_html(path: str, text: str) -> Iterator[str]:
    """Only what nh3 has cleaned is marked safe, in one place."""
    if path.startswith("humana/rendering/"):
        return
    for node, name in _calls(text):
        if name.rpartition(".")[2] in {"mark_safe", "SafeString"}:
            yield f"{node.lineno}: {name}() outside humana.rendering"


def forgeries_let_in(path: str, text: str) -> Iterator[str]:
    """Every page checks where a POST comes from."""
    for node, name in _imports(text):
        if name.endswith(".csrf_exempt"):
            yield f"{node.lineno}: csrf_exempt"


def valkey_past_the_cache(path: str, text: str) -> Iterator[str]:
    """The cache puts the organization into every key; who talks to Valkey otherwise says what does."""
    for node, name in _imports(text):
        if name.split(".")[0] in {"redis", "valkey"} or name == "chats.streaming.valkey":
            yield f"{node.lineno}: {name}: use the cache, or say what names the organization"


def keys_of_valkey(path: str, text: str) -> Iterator[str]:
    """A new kind of key is listed in KEYS, with what in it names the organization."""
    for node in _nodes(text):
        if _is_text(node) and re.match(r"humana:\w", node.value) and node.value not in KEYS:
            yield f"{node.lineno}: {node.value} is not in KEYS"


def everybodys_cache(path: str, text: str) -> Iterator[str]:
    """`clear()` is FLUSHDB: every organization's cache, sessions, streams, and the queue of the workers."""
    for node, name in _calls(text):
        last = name.rpartition(".")[2]
        if last in {"flushdb", "flushall"} or (last == "clear" and _is_a_cache(node.func)):
            yield f"{node.lineno}: {name}() empties everybody's; delete the keys by name"


def _is_a_cache(method: ast.expr) -> bool:
    """`cache.clear`, `self.cache.clear`, `caches["default"].clear`."""
    held = method.value if isinstance(method, ast.Attribute) else method
    held = held.value if isinstance(held, ast.Subscript) else held
    return _dotted(held).rpartition(".")[2].strip("_") in {"cache", "caches", "default_cache"}


PYTHON: list[Lint] = [
    bare_transactions,
    queries_past_the_managers,
    sql_made_of_pieces,
    yields_inside_an_organization,
    contexts_of_the_library,
    rows_at_the_edges,
    trusted_html,
    forgeries_let_in,
    valkey_past_the_cache,
    keys_of_valkey,
    everybodys_cache,
]


class _Page(HTMLParser):
    """What a strict content policy would refuse, and what would call another server."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "style" or (tag == "script" and "src" not in given):
            self._note(f"inline <{tag}>")
        for name, value in given.items():
            if name == "style" or name.startswith("on"):
                self._note(f'{name}="…" on <{tag}>')
            if value.strip().lower().startswith("javascript:"):
                self._note(f"javascript: in {name}")
        loaded = given.get("src", "") or (given.get("href", "") if tag == "link" else "")
        if urlsplit(loaded).netloc:
            self._note(f"<{tag}> from another server: {loaded}")

    def _note(self, what: str) -> None:
        self.found.append(f"{self.getpos()[0]}: {what}")


def inline_code(path: str, text: str) -> Iterator[str]:
    page = _Page()
    page.feed(re.sub(r"{%.*?%}", "", text))  # conditions inside a tag are no attributes
    yield from page.found


def unescaped(path: str, text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), 1):
        for sign in ("|safe", "{% autoescape off", "|safeseq"):
            if sign in line.replace(" |", "|").replace("| ", "|"):
                yield f"{number}: {sign}"


TEMPLATES: list[Lint] = [inline_code, unescaped]
