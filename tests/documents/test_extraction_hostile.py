"""Every file of the corpus: how it ends, in which time and memory, and that nothing of it escapes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from documents.extraction import engine
from tests.documents.hostile import CANARY, CORPUS, SEEN, UNKNOWN
from tests.documents.making.papers import MIB
from tests.plugins.needs import chromium

pytestmark = [pytest.mark.battery, pytest.mark.needs("linux")]
ROOT = Path(__file__).resolve().parents[2]
#: Of waiting for one file, which is less than the product gives it; of memory, for it and for us.
SECONDS, MOST = 10, 128 * MIB
#: The same where pictures are looked at, by processes of their own after the first.
SECONDS_SEEN = 5 * SECONDS
#: Real files that a machine may have: of TeX, of FOP, and of whoever else wrote its manuals.
MANUALS = sorted(Path("/usr/share/doc").glob("*/*.pdf")) if Path("/usr/share/doc").is_dir() else []
PAGE = "<meta charset=utf-8><h1>Ação</h1><p>Não há coração sem emoção.<p style='break-before:page'>Fim"


def measured(path: Path, *before: str) -> dict[str, Any]:
    program = [
        *before,
        sys.executable,
        "-B",  # it writes nothing, not even what it compiled
        "-m",
        "tests.documents.measured",
        str(path),
        str(SECONDS * 3 if before else SECONDS),
    ]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, check=False, timeout=SECONDS * 12)
    assert done.returncode == 0, done.stderr.decode()
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", CORPUS)
def test_a_file_that_means_harm_ends_in_time_and_memory(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(CORPUS[name].make())
    found = measured(path)
    assert found["end"] in CORPUS[name].ends, found
    seen = CORPUS[name] in SEEN or path.suffix == ".pdf"
    assert found["seconds"] <= (SECONDS_SEEN if seen else SECONDS) + 3, found
    assert max(found["grown"], found["peak"]) < MOST, found
    assert found["characters"] <= 1_000_000, found
    assert found["longest"] <= 20_000, found
    assert [one.name for one in tmp_path.iterdir()] == [name]


#: Calls that reach outside of a process, each as strace writes it: its name, what it is told, the answer.
_CALL = re.compile(r"^(\w+)\((.*)\) += (-?\d+|\?)(?: ([A-Z]+))?", re.MULTILINE)
_REACHING = {
    "openat", "open", "creat", "socket", "connect", "sendto", "bind", "execve", "execveat", "fork", "vfork",
    "clone", "clone3", "unlink", "rename", "mkdir", "symlink", "link", "chmod", "kill",
}  # fmt: skip
TRACED = "%file,%network,%process,seccomp,prctl"


@pytest.mark.needs("strace")
@pytest.mark.parametrize("name", [name for name, one in CORPUS.items() if UNKNOWN not in one.ends])
def test_what_reads_is_given_nothing_by_the_system_once_it_is_confined(tmp_path: Path, name: str) -> None:
    path, logs = tmp_path / name, tmp_path / "calls"
    path.write_bytes(CORPUS[name].make())
    logs.mkdir()
    strace = ("strace", "-ff", "-s", "200", "-e", f"trace={TRACED}", "-o", str(logs / "of"))
    assert CANARY not in json.dumps(measured(path, *strace))
    confined = 0
    for log in logs.iterdir():
        calls = [one.groups() for one in _CALL.finditer(log.read_text(errors="replace"))]
        assert [
            one for one in calls if one[0] in {"socket", "connect", "sendto", "bind"} if one[3] != "EPERM"
        ] == []
        wrote = [one for one in calls if one[0] == "openat" and re.search("O_WRONLY|O_RDWR|O_CREAT", one[1])]
        assert [one for one in wrote if "/dev/null" not in one[1] and not _is_nameless(one[1], calls)] == []
        at = next((n for n, one in enumerate(calls) if "SECCOMP_MODE_FILTER" in one[1]), None)
        confined += at is not None
        after = [] if at is None else calls[at + 1 :]  # PDFium looks for fonts, and is refused
        assert [one for one in after if one[0] in _REACHING and one[3] != "EPERM"] == []
    assert confined in _confined(path), "each process that looked at the file"


def _is_nameless(opened: str, calls: list[tuple[str, ...]]) -> bool:
    """A file whose name is gone as soon as it is there, for what was drawn."""
    name = next(iter(re.findall(r'"[^"]*"', opened)), "")
    return "O_TMPFILE" in opened or any(one[0] == "unlink" and one[1] == name for one in calls)


def _confined(path: Path) -> set[int]:
    """How many processes read it: none, one, or a second one for its pictures."""
    if path.suffix in {".gif", ".svg"} or path.read_bytes().startswith(b"\xd0\xcf"):
        return {0}
    if path.suffix in {".png", ".jpg", ".webp", ".tif"}:
        return {0} if engine.languages() is None else set(range(1, 7))
    seen = path.suffix == ".pdf" or CORPUS[path.name] in SEEN
    return set(range(1, 60)) if seen else {1}


@pytest.mark.needs("chromium")
def test_what_a_browser_printed_is_read(tmp_path: Path) -> None:
    from documents.extraction import Section, extract
    from documents.extraction.media import PDF

    (tmp_path / "page.html").write_text(PAGE)
    made = tmp_path / "page.pdf"
    quiet = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-pdf-header-footer",
        f"--user-data-dir={tmp_path}/b",
    ]
    program = [str(chromium()), *quiet, f"--print-to-pdf={made}", f"file://{tmp_path}/page.html"]
    subprocess.run(program, check=True, capture_output=True, timeout=60)
    wanted = [Section("page:1", "Ação\nNão há coração sem emoção."), Section("page:2", "Fim")]
    assert list(extract(made, PDF.type)) == wanted


@pytest.mark.parametrize("path", MANUALS, ids=lambda path: path.name)
def test_the_manuals_of_this_machine_are_read(path: Path) -> None:
    found = measured(path)
    assert found["end"] == "text", found
    assert found["characters"] > 5_000, found
    assert found["peak"] < MOST, found
