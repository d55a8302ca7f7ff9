"""Parts as the launcher starts them: when is one ready, and when is it not."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from humana.embedded.process import CannotStart, spawn, wait_until


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_part_that_ended_is_not_ready_because_somebody_else_answers(tmp_path: Path) -> None:
    """Another process was quicker to take the port: whoever asks there would talk to a stranger."""
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        part = spawn(
            "search", [sys.executable, "-c", "import sys; sys.exit('port taken')"], log=tmp_path / "log"
        )
        part.process.wait()
        assert answers(port)
        with pytest.raises(CannotStart, match=r"search ended at once \(1\):\n    port taken"):
            wait_until(lambda: answers(port), part, seconds=60)


def test_a_part_that_lives_and_answers_is_ready(tmp_path: Path) -> None:
    script = "import socket, time; s = socket.create_server(('127.0.0.1', 0)); "
    script += "print(s.getsockname()[1], flush=True); time.sleep(600)"
    part = spawn("search", [sys.executable, "-c", script], log=tmp_path / "log")
    try:
        told = tmp_path / "log"
        wait_until(lambda: answers(int(told.read_text() or 0)), part, seconds=60)
        assert part.alive
    finally:
        assert part.stop()
