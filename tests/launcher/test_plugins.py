"""The test plugins themselves: what is missing is said, what is left behind is swept."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from humana import env
from humana.embedded.process import CannotStart
from tests.peers.server import installed, program
from tests.plugins.services import PREFIX, Services, sweep

NEEDY = """
import pytest

@pytest.mark.needs("node")
def test_with_node():
    assert True
"""


def run_without_node(folder: Path, *, ci: bool) -> subprocess.CompletedProcess[str]:
    (folder / "test_needy.py").write_text(NEEDY)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-rs", "-p", "tests.plugins.needs", "-p", "no:django", "."],
        cwd=folder,
        env={"PATH": "", "PYTHONPATH": str(env.REPOSITORY), "HUMANA_CI": "1" if ci else ""},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_bare_machine_skips_with_a_reason(tmp_path: Path) -> None:
    done = run_without_node(tmp_path, ci=False)
    assert "Node is not installed" in done.stdout
    assert "1 skipped" in done.stdout
    assert done.returncode == 0


def test_ci_skips_nothing(tmp_path: Path) -> None:
    done = run_without_node(tmp_path, ci=True)
    assert "Node is not installed (nothing may be missing in CI)" in done.stdout
    assert done.returncode == 1


def test_a_program_that_the_machine_lacks_is_named() -> None:
    assert program("sh") is not None
    assert program("no-such-server") is None
    with pytest.raises(CannotStart, match="no-such-server is not installed"):
        installed("no-such-server")


def test_folders_of_dead_runs_are_swept_and_those_of_living_ones_stay(services: Services) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{gone.pid}-"))
    (left / "postgres").mkdir()
    sweep()
    assert not left.exists()
    assert services.home.is_dir()


def test_runs_do_not_read_the_data_of_the_developer(services: Services) -> None:
    assert os.environ["HUMANA_HOME"] == str(services.home)
    assert env.home() != env.REPOSITORY / ".humana"
