"""Files that mean harm, and readers that were taken over by one: refused in time and memory, nothing escapes.

The whole corpus is `test_extraction_hostile.py`.
"""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from documents.extraction import CannotRead, Limits, canvas, extract
from documents.extraction.media import PDF, TEXT
from tests.documents.hostile import CANARY, CORPUS
from tests.documents.making.office import bomb, pptx
from tests.documents.making.papers import MIB, deflated, page
from tests.documents.planted import TAKEN_OVER, script, trying
from tests.documents.test_extraction import Kept, kept, read, refused, type_of

__all__ = ["kept"]
ROOT = Path(__file__).resolve().parents[2]
#: Of those that were taken over, the ones whose story is told each time.
SHORT = (
    "with a child",
    "dead",
    "a gigabyte at once",
    "too much",
    "not to be kept",
    "stops in the middle",
    "has pictures",
)
REFUSED = (
    "overlapping.docx", "traversal.docx", "linked.docx", "laughs.docx", "outside.docx", "deep.docx",
    "locked.docx", "lying.docx",
)  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_program_for_documents_writes_is_refused(kept: Kept, name: str) -> None:
    assert refused(kept(name, CORPUS[name].make())) in CORPUS[name].ends


def test_nothing_else_is_read_run_or_unpacked(kept: Kept) -> None:
    for name in ("external.docx", "nested.docx", "acting.pdf", "archive.pdf"):
        assert [one.text for one in read(kept(name, CORPUS[name].make()))] == ["hello"], name
    for name in ("flood.png", "script.svg", "page.gif"):
        assert read(kept(name, CORPUS[name].make())) == []


def test_an_archive_is_judged_before_it_is_unpacked_and_counted_while_it_is(kept: Kept) -> None:
    path = kept("a.docx", CORPUS["nested.docx"].make())
    for limits in (Limits(parts=2), Limits(unpacked=200)):
        with pytest.raises(CannotRead, match="too_large"):
            list(extract(path, type_of(path), limits=limits))
    again = kept("a.pptx", pptx("one " * 1_000, times=100))
    with pytest.raises(CannotRead, match="too_large"):
        list(extract(again, type_of(again), limits=Limits(unpacked=100_000)))


@pytest.mark.needs("linux")
def test_a_stream_that_never_ends_meets_the_end_of_its_memory(kept: Kept) -> None:
    path = kept("a.pdf", page(deflated(160 * MIB), b"/Filter/FlateDecode"))
    assert refused(path) == "too_complex"


@pytest.mark.needs("linux")
@pytest.mark.parametrize(
    ("confined", "able"),
    [("confining.confine(USUAL)", []), ("confining._filter_calls()", ["take much memory"])],
)
def test_a_confined_process_computes_and_nothing_else(confined: str, able: list[str]) -> None:
    """The filter of calls holds alone; the limits are a second wall, and the only one elsewhere."""
    program = [sys.executable, "-I", "-c", trying(ROOT, confined)]
    done = subprocess.run(program, capture_output=True, check=False, timeout=60)
    assert (done.stdout.decode(), done.stderr) == (repr(able), b"")


@pytest.mark.needs("linux")
def test_what_draws_fills_the_file_that_it_was_given_so_far_and_no_further(tmp_path: Path) -> None:
    begins = (
        f"import os, sys; sys.path.append({str(ROOT)!r}); from documents.extraction import confining, Limits"
    )
    fills = "confining.confine(Limits(drawn=1000)); print(os.write(1, b'x' * 5000)); os.write(1, b'x')"
    with (tmp_path / "given").open("wb") as given:
        program = [sys.executable, "-I", "-c", f"{begins}; {fills}"]
        done = subprocess.run(program, stdout=given, stderr=subprocess.PIPE, check=False, timeout=60)
    assert (tmp_path / "given").read_bytes() == b"x" * 1000
    assert b"File too large" in done.stderr


@pytest.mark.parametrize("drawn", [b"", b"\xff" * 8, struct.pack(">II", 900, 900) + b"x"])
def test_what_draws_is_not_believed_either(drawn: bytes) -> None:
    """Half a picture, or one of more points than any: whoever looks ends there, and has seen nothing."""
    if drawn:
        with pytest.raises(CannotRead, match="too_complex"):
            canvas.taken(io.BytesIO(drawn))
    else:
        assert canvas.taken(io.BytesIO(drawn)) is None


@pytest.mark.parametrize(
    "name", [name if name in SHORT else pytest.param(name, marks=pytest.mark.battery) for name in TAKEN_OVER]
)
def test_a_reader_that_was_taken_over_is_heard_and_ended(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("documents.extraction.process.CHILD", script(tmp_path, name))
    begun = time.monotonic()
    limits = Limits(seconds=1 if "sleep" in TAKEN_OVER[name][0] else 20, text=100_000)
    with pytest.raises(CannotRead) as refusal:
        list(extract(kept("a.txt", b"hello"), TEXT.type, limits=limits))
    assert refusal.value.code == TAKEN_OVER[name][1]
    assert time.monotonic() - begun < 30
    assert not [one for one in psutil.process_iter(["cmdline"]) if str(tmp_path) in str(one.info["cmdline"])]


def test_a_reader_has_the_file_and_nothing_of_ours(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither secrets of the environment nor connections that are open here."""
    monkeypatch.setenv("HUMANA_SEAL_KEY", CANARY)
    spy = tmp_path / "spy.py"
    has = "sorted(os.environ), sorted(os.listdir('/proc/self/fd'))[:-1], os.getcwd(), os.getsid(0)"
    body = f"json.dumps(['text', '', repr([{has}])]).encode()"
    spy.write_text(f"import json, os, struct\nb = {body}\nos.write(1, struct.pack('>I', len(b)) + b)")
    monkeypatch.setattr("documents.extraction.process.CHILD", spy)
    reading = extract(kept("a.txt", b"hello"), TEXT.type)
    environment, files, folder, session = eval(next(reading).text)
    reading.close()
    assert set(environment) <= {"HOME", "LC_CTYPE"}, "Python's own word on its language"
    assert (files, folder) == (["0", "1", "2"], "/")
    assert session != os.getsid(0)


def test_who_stops_listening_ends_the_reader(kept: Kept) -> None:
    reading = extract(kept("a.txt", b"hello there\n" * 100_000), TEXT.type)
    next(reading)
    assert _readers()
    reading.close()
    assert not _readers()


def _readers() -> list[psutil.Process]:
    return [one for one in psutil.Process().children() if "child.py" in " ".join(one.cmdline())]


@pytest.mark.battery
def test_a_bomb_is_not_unpacked(kept: Kept) -> None:
    assert refused(kept("bomb.docx", bomb())) == "too_large"


@pytest.mark.parametrize(
    "said", ["say('picture', 1); say('picture', 1)", "[say('picture', n) for n in range(1, 9)]"]
)
def test_pages_that_are_pictures_are_counted_too(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    """Each once and in order, no more of them than a document may have; nothing looks at them otherwise."""
    monkeypatch.setitem(TAKEN_OVER, "seen", (f"say('text', 'page:1', 'x'); {said}; say('end')", ""))
    monkeypatch.setattr("documents.extraction.process.CHILD", script(tmp_path, "seen"))
    with pytest.raises(CannotRead, match="too_complex"):
        list(extract(kept("a.pdf", b"%PDF-"), PDF.type, limits=Limits(pages=7)))
