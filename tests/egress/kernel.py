"""Which addresses processes dial, read from the kernel by strace: uvloop's and libpq's too.

What Python's audit hook hears is in `census`; this needs no word of the process at all. What explains a
connection is what its own process wrote before it was made, or the installation's settings.
"""

from __future__ import annotations

import json
import os
import re
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

_LINE = re.compile(
    r"^\d+ +(?P<at>[\d.]+) connect\(\d+(<(?P<kind>\w+).*?>)?, \{sa_family=(?P<family>\w+)(?P<where>.*)"
)
_PORT = re.compile(r"sin6?_port=htons\((\d+)\)")
_ADDRESS = re.compile(r'inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"')
_RECORD = re.compile(r"dial (?P<host>\S+) \((?P<address>\S+)\) port (?P<port>\d+) for (?P<owner>\S+): ")

#: These lead to nobody beyond the kernel; AF_UNSPEC lets go of whom a datagram socket was meant for.
LOCAL = {"AF_UNIX", "AF_NETLINK", "AF_UNSPEC"}

Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Connect:
    """One call of connect(2). `at` is epoch; `address` is a path, or empty, for sockets of this machine.

    Connecting a `datagram` socket sends nothing: the resolver does it to put addresses in order.
    """

    at: float
    family: str
    address: str
    port: int
    datagram: bool = False

    @property
    def place(self) -> Place:
        return (self.address, self.port)


@dataclass(frozen=True, slots=True)
class Record:
    """What a guard wrote as it let something out."""

    at: float
    address: str
    port: int


@dataclass
class Account:
    """What became of every connection of a process. `local` never leave the kernel."""

    by_guard: list[Connect] = field(default_factory=list)
    own: list[Connect] = field(default_factory=list)
    local: list[Connect] = field(default_factory=list)
    unexplained: list[Connect] = field(default_factory=list)

    def __add__(self, other: Account) -> Account:
        both = (vars(self)[name] + vars(other)[name] for name in vars(self))
        return Account(*both)

    def __str__(self) -> str:
        connects = len(self.by_guard) + len(self.own) + len(self.unexplained)
        return (
            f"connects {connects}, by guard {len(self.by_guard)}, own {len(self.own)}, "
            f"unexplained {len(self.unexplained)}; AF_UNIX and the like {len(self.local)}"
        )


def under_strace(trace: Path) -> list[str]:
    """Put before a command. The process stays the one that was started; strace stands beside it."""
    return ["strace", "-D", "-f", "-q", "-yy", "-ttt", "-e", "trace=connect", "-o", str(trace)]


def account(trace: Path, log: Path, own: Iterable[Place]) -> Account:
    """Of a process that has ended: its trace, its log, and what its settings name."""
    records, known, told = records_in(log), set(own), Account()
    for connect in connects_in(trace):
        if connect.family in LOCAL:
            told.local.append(connect)
        elif any(_explains(record, connect) for record in records):
            told.by_guard.append(connect)
        elif connect.place in known:
            told.own.append(connect)
        else:
            told.unexplained.append(connect)
    return told


def _explains(record: Record, connect: Connect) -> bool:
    """Only from before; once is enough: a driver's pool dials again where its first was let out."""
    before = record.at <= connect.at or connect.datagram
    return before and (record.address, record.port) == connect.place


def connects_in(trace: Path) -> list[Connect]:
    """Every one, or AssertionError on a line that cannot be read."""
    lines = [line for line in trace.read_text().splitlines() if " connect(" in line]
    return [_read(line) for line in lines]


def _read(line: str) -> Connect:
    found = _LINE.match(line)
    assert found, f"strace wrote what the census cannot read: {line}"
    at, family, where = float(found["at"]), found["family"], found["where"]
    if family in LOCAL:
        return Connect(at, family, where.split('"')[1] if '"' in where else "", 0)
    port, address = _PORT.search(where), _ADDRESS.search(where)
    if port is None or address is None:  # neither IPv4 nor IPv6: nothing explains it
        return Connect(at, family, where, 0)
    return Connect(at, family, address[1] or address[2], int(port[1]), str(found["kind"]).startswith("UDP"))


def records_in(log: Path) -> list[Record]:
    """What `humana.egress` wrote at DEBUG."""
    found = list[Record]()
    for line in log.read_text().splitlines():
        told = json.loads(line) if line.startswith('{"time"') else {}
        if told.get("logger") == "humana.egress" and (dial := _RECORD.match(told["message"])):
            at = datetime.fromisoformat(told["time"]).timestamp()
            found.append(Record(at, dial["address"], int(dial["port"])))
    return found


def installations_own() -> set[Place]:
    """PostgreSQL and Valkey as the environment names them, and the resolver of the machine."""
    found = {(server, 53) for server in _resolvers()}
    for name in ("DATABASE_URL", "REDIS_URL"):
        parts = urlsplit(os.environ[name])
        if parts.hostname and parts.port:
            found |= {(str(one[4][0]), parts.port) for one in socket.getaddrinfo(parts.hostname, parts.port)}
    return found


def _resolvers() -> list[str]:
    lines = Path("/etc/resolv.conf").read_text().splitlines() if Path("/etc/resolv.conf").exists() else []
    return [line.split()[1] for line in lines if line.startswith("nameserver")]


def until_written(trace: Path, pid: int, seconds: float = 15) -> None:
    """strace ends after the process it looks at, and writes that last."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if re.search(rf"^{pid} .*\+\+\+ (exited|killed)", trace.read_text(), re.MULTILINE):
            return
        time.sleep(0.05)
    raise AssertionError(f"strace has not ended: {trace.read_text()[-500:]}")
