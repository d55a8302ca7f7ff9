"""`make up`: what it starts, what it tells, and what it leaves behind."""

from __future__ import annotations

import os
import signal
import socket
import stat
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import psycopg
import pytest

from humana.embedded.model import BUILTIN
from tests.launcher.launching import ELSEWHERE, family, launched, lives, until

pytestmark = [pytest.mark.needs("linux"), pytest.mark.battery]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_services_start_tell_where_they_are_and_keep_their_data(tmp_path: Path) -> None:
    home = tmp_path / "home"
    folders = {folder: mode(folder) for folder in tmp_path.parents if folder.exists()}

    with launched(home, HUMANA_LLM_URL=ELSEWHERE) as first:
        told = first.told()
        assert mode(home / "run.json") == mode(home / "secrets.json") == 0o600
        with psycopg.connect(told["DATABASE_OWNER_URL"]) as owner:
            owner.execute("CREATE TABLE kept AS SELECT 'still here' AS word")
        children = family(first.pid)
        assert first.end(signal.SIGINT) == 0
    assert not [pid for pid in children if lives(pid)]
    assert first.told()["HUMANA_STATE"] == "stopped"
    assert "DATABASE_URL" not in first.told()

    with launched(home, HUMANA_LLM_URL=ELSEWHERE) as second:
        again = second.told()
        assert again["SECRET_KEY"] == told["SECRET_KEY"]
        with psycopg.connect(again["DATABASE_URL"]) as app:
            assert app.execute("SELECT word FROM kept").fetchone() == ("still here",)
    assert folders == {folder: mode(folder) for folder in folders}


def test_killed_launcher_leaves_no_orphan_and_the_next_one_starts(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with launched(home) as first:
        children = family(first.pid)
        assert len(children) > 3
        first.end(signal.SIGKILL)
        until(lambda: not any(lives(pid) for pid in children), seconds=10)
    with launched(home, HUMANA_LLM_URL=ELSEWHERE) as second:
        assert second.runs()


def test_second_launcher_says_where_the_first_one_runs(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with launched(home, HUMANA_LLM_URL=ELSEWHERE) as first:
        with launched(home, HUMANA_LLM_URL=ELSEWHERE, wait=False) as second:
            assert second.child.process.wait(20) == 1
            assert f"already runs here: its web address is not known yet (process {first.pid}" in (
                second.said()
            )
        assert first.child.alive
        assert first.runs()


@pytest.mark.needs("model")
def test_a_dead_model_comes_back_at_the_same_address(tmp_path: Path) -> None:
    def answers(key: str) -> int:
        request = Request(f"{told['HUMANA_LLM_URL']}/models")
        request.add_header("Authorization", f"Bearer {key}")
        try:
            with urlopen(request, timeout=5) as page:
                return int(page.status)
        except OSError as error:
            return int(getattr(error, "code", 0))

    with launched(tmp_path / "home") as launcher:
        told = launcher.told()
        assert (told["HUMANA_LLM_MODEL"], told["HUMANA_LLM_BUILTIN"]) == (BUILTIN, "1")
        assert answers(told["HUMANA_LLM_KEY"]) == 200
        assert answers("wrong") == 401
        os.kill(child_named(launcher.pid, "humana.embedded.model"), signal.SIGKILL)
        until(lambda: answers(told["HUMANA_LLM_KEY"]) == 0)
        until(lambda: answers(told["HUMANA_LLM_KEY"]) == 200, seconds=20)
        until(lambda: "the built-in model runs again" in launcher.said())


def test_a_dead_database_stops_everything_and_says_so(tmp_path: Path) -> None:
    with launched(tmp_path / "home", HUMANA_LLM_URL=ELSEWHERE) as launcher:
        children = family(launcher.pid)
        os.kill(child_named(launcher.pid, "bin/postgres"), signal.SIGINT)
        assert launcher.child.process.wait(20) == 1
        assert "PostgreSQL ended by itself" in launcher.said()
        assert "database system is shut down" in launcher.said()
    assert not [pid for pid in children if lives(pid)]


def test_nothing_is_started_for_what_is_given(tmp_path: Path) -> None:
    given = {
        "DATABASE_URL": "postgresql://app:a@127.0.0.1:9/outside",
        "REDIS_URL": "redis://127.0.0.1:9/0",
        "OPENAI_API_KEY": "sk-not-to-be-kept",
    }
    with launched(tmp_path / "home", **given) as launcher:
        assert family(launcher.pid) == []
        told = launcher.told()
        assert told["DATABASE_URL"] == given["DATABASE_URL"]
        assert told["REDIS_URL"] == given["REDIS_URL"]
        assert "HUMANA_LLM_URL" not in told
        assert "sk-not-to-be-kept" not in (launcher.home / "run.json").read_text()


def test_a_wrong_setting_is_named_and_its_value_is_not_shown(tmp_path: Path) -> None:
    with launched(tmp_path / "home", wait=False, DATABASE_URL="mysql://root:s3cret@host/x") as one:
        assert one.child.process.wait(20) == 1
        assert "DATABASE_URL should be an address like postgresql://" in one.said()
        assert "s3cret" not in one.said()


def test_services_listen_on_loopback_only_and_ask_for_a_password(tmp_path: Path) -> None:
    with launched(tmp_path / "home", HUMANA_LLM_URL=ELSEWHERE) as launcher:
        told = launcher.told()
        database, queue = urlsplit(told["DATABASE_URL"]), urlsplit(told["REDIS_URL"])
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(database._replace(netloc=f"postgres:x@127.0.0.1:{database.port}").geturl())
        with socket.create_connection(("127.0.0.1", queue.port or 0), timeout=5) as stranger:
            stranger.sendall(b"KEYS *\r\n")
            assert stranger.recv(100).startswith(b"-NOAUTH")
        for pid in family(launcher.pid):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().decode()
            assert not any(value and value in words for value in (database.password, queue.password))
        assert listening_elsewhere({database.port, queue.port}) == []


def child_named(pid: int, words: str) -> int:
    """The oldest descendant whose command line holds `words`."""
    for child in family(pid):
        if words in Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode():
            return child
    raise AssertionError(f"no process like {words}")


def listening_elsewhere(ports: set[int | None]) -> list[str]:
    """Sockets listening on one of `ports` on another address than 127.0.0.1."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    places = [line.split()[1].split(":") for line in lines if line.split()[3] == "0A"]
    return [place for place, port in places if int(port, 16) in ports and place != "0100007F"]
