"""Typed readers for what the environment says. The only place that reads it.

A name is looked up in four places, the first that has it wins:

    os.environ["NAME"]            what the operator set
    the file named by NAME_FILE   secrets mounted as files
    $HUMANA_HOME/run.json         what the running `make up` wrote
    the default given by the caller

An empty value counts as not set. Errors name the variable and what was expected; they never show
the value, which may be a secret.
"""

from __future__ import annotations

import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Any, overload
from urllib.parse import urlsplit

from humana.kernel.errors import Misconfigured

REPOSITORY = Path(__file__).resolve().parent.parent
YES = frozenset({"1", "true", "yes", "on"})
NO = frozenset({"0", "false", "no", "off"})


def home() -> Path:
    """Where this installation keeps its data: HUMANA_HOME, or `.humana` beside the code."""
    chosen = Path(os.environ.get("HUMANA_HOME") or REPOSITORY / ".humana").expanduser()
    return Path(os.path.abspath(chosen))  # without “..”, so that others spell it as we do


def run_file() -> Path:
    """The file in which a running `make up` tells its addresses and passwords (0600)."""
    return home() / "run.json"


@overload
def text(name: str) -> str | None: ...
@overload
def text(name: str, default: str) -> str: ...
@overload
def text(name: str, default: None) -> str | None: ...
def text(name: str, default: str | None = None) -> str | None:
    """The value of `name` as it stands, or `default`."""
    return os.environ.get(name) or _from_file(name) or _running().get(name) or default


def given(name: str) -> bool:
    """Whether the operator set it. What an earlier run left in run.json does not count."""
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))


def required(name: str, hint: str = "") -> str:
    """The value of `name`; raises Misconfigured when nobody set it."""
    value = text(name)
    if value is None:
        hint = hint or "start `make up`, which sets it, or set it yourself"
        raise Misconfigured(f"{name} is not set: {hint}.")
    return value


def flag(name: str, default: bool = False) -> bool:
    """1/true/yes/on or 0/false/no/off, in any case."""
    value = text(name)
    if value is None:
        return default
    if value.lower() in YES | NO:
        return value.lower() in YES
    raise _unexpected(name, "1, true, yes or on, or else 0, false, no or off")


def integer(name: str, default: int, *, least: int | None = None, most: int | None = None) -> int:
    """A whole number, within bounds where given."""
    value = text(name)
    if value is None:
        return default
    try:
        number_ = int(value)
    except ValueError:
        raise _unexpected(name, "a whole number") from None
    _within(name, number_, least, most)
    return number_


def number(name: str, default: float, *, least: float | None = None, most: float | None = None) -> float:
    """A number such as 0.5, within bounds where given."""
    value = text(name)
    if value is None:
        return default
    try:
        number_ = float(value)
    except ValueError:
        raise _unexpected(name, "a number such as 0.5") from None
    if number_ != number_:
        raise _unexpected(name, "a number such as 0.5")
    _within(name, number_, least, most)
    return number_


@overload
def url(name: str, *, schemes: tuple[str, ...]) -> str | None: ...
@overload
def url(name: str, default: str, *, schemes: tuple[str, ...]) -> str: ...
@overload
def url(name: str, default: None, *, schemes: tuple[str, ...]) -> str | None: ...
def url(name: str, default: str | None = None, *, schemes: tuple[str, ...]) -> str | None:
    """An address with one of `schemes` and a host; the value itself, unparsed."""
    value = text(name)
    if value is None:
        return default
    expected = f"an address like {schemes[0]}://host:port/…"
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 - reading it is the check: a wrong port raises
    except ValueError:
        raise _unexpected(name, expected) from None
    if parts.scheme not in schemes or not parts.hostname:
        raise _unexpected(name, expected)
    return value


def commands(name: str) -> dict[str, dict[str, Any]]:
    """Programs by name, from JSON: {"time": ["mcp-server-time"]}, or with an environment of their own
    {"memory": {"command": ["server-memory"], "environment": {"MEMORY_FILE_PATH": "/srv/memory"}}}.
    """
    value = text(name)
    try:
        found = json.loads(value) if value else {}
        return {str(key): _command(one) for key, one in found.items()}
    except (ValueError, TypeError, AttributeError, KeyError):
        raise _unexpected(name, 'JSON such as {"time": ["mcp-server-time"]}') from None


def _command(told: Any) -> dict[str, Any]:
    command = told if isinstance(told, list) else told["command"]
    environment = {} if isinstance(told, list) else told.get("environment", {})
    words = [*command, *environment, *environment.values()]
    if not command or isinstance(command, str) or not all(isinstance(one, str) for one in words):
        raise ValueError
    return {"command": tuple(command), "environment": dict(environment)}


def _from_file(name: str) -> str | None:
    path = os.environ.get(f"{name}_FILE")
    if not path:
        return None
    try:
        return Path(path).read_text("utf-8").strip() or None
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(
            f"{name}_FILE should name a readable text file: {type(error).__name__}."
        ) from None


def _running() -> dict[str, str]:
    path = run_file()
    try:
        stamp = path.stat().st_mtime_ns
    except OSError:
        return {}
    return _read_run_file(path, stamp)


@lru_cache(maxsize=4)
def _read_run_file(path: Path, stamp: int) -> dict[str, str]:
    """`stamp` is only there so that a file written again is read again."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        raise Misconfigured(f"{path} cannot be read as JSON: run `make up` again.") from None
    return {name: value for name, value in content.items() if isinstance(value, str)}


def _within(name: str, value: float, least: float | None, most: float | None) -> None:
    if least is not None and value < least:
        raise _unexpected(name, f"at least {least}")
    if most is not None and value > most:
        raise _unexpected(name, f"at most {most}")


def _unexpected(name: str, expected: str) -> Misconfigured:
    return Misconfigured(f"{name} should be {expected}.")
