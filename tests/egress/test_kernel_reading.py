"""What strace writes is read as it stands; what the census cannot explain, it does not pass over."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.egress.kernel import Account, account

BEGAN = 1_800_000_000.0
V4 = '{sa_family=AF_INET, sin_port=htons(%d), sin_addr=inet_addr("127.0.0.1")}, 16'
V6 = (
    "{sa_family=AF_INET6, sin6_port=htons(%d), sin6_flowinfo=htonl(0), "
    'inet_pton(AF_INET6, "::1", &sin6_addr), sin6_scope_id=0}, 28'
)


def line(where: str, kind: str = "TCP", after: float = 1.0, end: str = ") = 0") -> str:
    return f"4391  {BEGAN + after:.6f} connect(3<{kind}:[77]>, {where}{end}"


def dial(address: str, port: int) -> str:
    at = datetime.fromtimestamp(BEGAN, UTC).isoformat(timespec="milliseconds")
    message = f"dial localhost ({address}) port {port} for org-1: public"
    return json.dumps({"time": at, "level": "DEBUG", "logger": "humana.egress", "message": message})


def found(folder: Path, *lines: str) -> Account:
    """A guard let out port 443, of both addresses; port 5432 is the installation's own."""
    (folder / "log").write_text("\n".join(["INFO: begun", dial("127.0.0.1", 443), dial("::1", 443)]))
    (folder / "trace").write_text("\n".join([*lines, "4391  1800000009.0 +++ exited with 0 +++"]))
    return account(folder / "trace", folder / "log", [("127.0.0.1", 5432)])


def test_each_connection_is_explained_or_not(tmp_path: Path) -> None:
    told = found(
        tmp_path,
        line(V4 % 443),
        line(V4 % 443, end=" <unfinished ...>"),
        line(V6 % 443, "TCPv6"),
        line(V4 % 5432),
        line(V4 % 25),
        line('{sa_family=AF_UNIX, sun_path=@"name"}, 7', "UNIX-STREAM"),
    )
    assert [one.port for one in told.by_guard] == [443, 443, 443]
    assert [one.place for one in told.own] == [("127.0.0.1", 5432)]
    assert [one.place for one in told.unexplained] == [("127.0.0.1", 25)]
    assert [one.address for one in told.local] == ["name"]


def test_what_is_written_afterwards_explains_nothing(tmp_path: Path) -> None:
    """But putting addresses in order, which comes before one of them is let out."""
    told = found(tmp_path, line(V4 % 443, after=-1), line(V4 % 443, "UDP", after=-1))
    assert [one.datagram for one in told.unexplained] == [False]
    assert [one.datagram for one in told.by_guard] == [True]


def test_what_it_cannot_read_stays_unexplained(tmp_path: Path) -> None:
    assert len(found(tmp_path, line("{sa_family=AF_VSOCK, svm_cid=0x2}, 16", "VSOCK")).unexplained) == 1
    with pytest.raises(AssertionError, match="cannot read"):
        found(tmp_path, "4391  1800000001.0 connect(3, 0x7ffe, 16) = -1 EFAULT")
