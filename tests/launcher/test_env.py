"""What the environment says, and how it complains."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from humana import env
from humana.kernel.errors import Misconfigured


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HUMANA_HOME", str(tmp_path))
    monkeypatch.delenv("THING", raising=False)
    return tmp_path


def running(home: Path, **values: object) -> None:
    (home / "run.json").write_text(json.dumps(values))


def test_environment_wins_over_file_over_run_file_over_default(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert env.text("THING", "default") == "default"
    running(home, THING="running")
    assert env.text("THING", "default") == "running"
    (home / "thing").write_text("mounted\n")
    monkeypatch.setenv("THING_FILE", str(home / "thing"))
    assert env.text("THING", "default") == "mounted"
    monkeypatch.setenv("THING", "set")
    assert env.text("THING", "default") == "set"


def test_empty_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THING", "")
    assert env.text("THING") is None
    assert env.flag("THING", True) is True
    with pytest.raises(Misconfigured, match="THING is not set"):
        env.required("THING")


def test_run_file_written_again_is_read_again(home: Path) -> None:
    running(home, THING="one")
    assert env.text("THING") == "one"
    running(home, THING="second")
    assert env.text("THING") == "second"


def test_broken_run_file_says_what_to_do(home: Path) -> None:
    (home / "run.json").write_text("{")
    with pytest.raises(Misconfigured, match="make up"):
        env.text("THING")


@pytest.mark.parametrize(
    ("said", "meant"), [("1", True), ("TRUE", True), ("on", True), ("0", False), ("No", False)]
)
def test_flags(said: str, meant: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THING", said)
    assert env.flag("THING", default=not meant) is meant


@pytest.mark.parametrize(
    ("read", "wrong"),
    [
        (lambda: env.flag("THING"), "perhaps-s3cret"),
        (lambda: env.integer("THING", 1), "s3cret"),
        (lambda: env.integer("THING", 1, least=5), "4"),
        (lambda: env.integer("THING", 1, most=3), "4"),
        (lambda: env.number("THING", 1.0), "nan"),
        (lambda: env.url("THING", schemes=("redis",)), "http://s3cret@host"),
        (lambda: env.url("THING", schemes=("redis",)), "redis://"),
        (lambda: env.url("THING", schemes=("redis",)), "redis://host:port/s3cret"),
    ],
)
def test_errors_name_the_variable_and_never_its_value(
    read: object, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THING", wrong)
    with pytest.raises(Misconfigured, match="THING should be") as caught:
        read()  # type: ignore[operator]
    assert "s3cret" not in str(caught.value)


def test_missing_secret_file_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THING_FILE", str(home / "nowhere"))
    with pytest.raises(Misconfigured, match="THING_FILE"):
        env.text("THING")


def test_values_come_back_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THING", "12")
    assert env.integer("THING", 1) == 12
    assert env.number("THING", 1.0) == 12.0
    monkeypatch.setenv("THING", "rediss://:word@host:6379/0")
    assert env.url("THING", schemes=("redis", "rediss")) == "rediss://:word@host:6379/0"
