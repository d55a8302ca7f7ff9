"""The tests' own process is listened to: what it should not dial fails the test that did."""

from __future__ import annotations

import sys
from pathlib import Path

from humana.kernel.egress import Grant, Guard, Origin
from tests.plugins.dials import ROOT, unexplained


def dial_from(file: Path, host: str, port: int) -> None:
    """As if code in that file dialled: the hook hears it, and nothing leaves."""
    told = {"dial": lambda: sys.audit("socket.connect", None, (host, port))}
    exec(compile("dial()", str(file), "exec"), told)


def test_the_world_is_not_dialled() -> None:
    dial_from(ROOT / "tests" / "x.py", "192.0.2.1", 443)
    dial_from(ROOT / "tests" / "x.py", "2001:db8::1", 443)
    assert unexplained() == [
        "192.0.2.1 port 443: beyond this machine",
        "2001:db8::1 port 443: beyond this machine",
    ]


def test_where_our_code_dials_a_guard_let_it_out() -> None:
    dial_from(ROOT / "tests" / "x.py", "127.0.0.1", 7)
    assert unexplained() == []
    dial_from(ROOT / "byoc" / "x.py", "127.0.0.1", 7)
    assert unexplained() == [f"127.0.0.1 port 7: no guard let it out, in {ROOT}/byoc/x.py:1"]
    url = "http://127.0.0.1:9"
    guard = Guard("org-1", [Grant.for_url(url, owner="org-1", reason="test")])
    guard.let_out(Origin.of(url), "127.0.0.1", 9)
    dial_from(ROOT / "byoc" / "x.py", "127.0.0.1", 9)
    assert unexplained() == []
