"""What the process that reads a document gives up, before it looks at it. For good.

limits     the kernel ends it where it takes more memory or time than a document may, and lets it open
           no file and write none, but so much of pictures into one that it was given
calls      on Linux only the dozens of system calls of a computation are left, by a filter of seccomp:
           no file, no address, no program, no other process. Whatever takes over the reader has no more.
"""

from __future__ import annotations

import ctypes
import math
import os
import resource
import struct
import sys
from pathlib import Path

from documents.extraction.contract import Limits

_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS, _MODE_FILTER = 22, 38, 2
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000 | 1, 0x80000000  # 1: EPERM
#: Architecture as the filter sees it, and the calls by their numbers there: reading and writing what is
#: open, memory, signals to oneself, clocks, the end.
_CALLS: dict[str, tuple[int, tuple[int, ...]]] = {
    "x86_64": (0xC000003E, (0, 1, 3, 5, 8, 9, 10, 11, 12, 13, 14, 15, 17, 19, 20, 24, 25, 28, 39, 60, 96, 98,
                            131, 186, 202, 219, 228, 229, 231)),
    "aarch64": (0xC00000B7, (63, 64, 57, 80, 62, 222, 226, 215, 214, 134, 135, 139, 67, 65, 66, 124, 216, 233,
                             172, 93, 169, 165, 132, 178, 98, 128, 113, 114, 94)),
}  # fmt: skip


class CannotConfine(Exception):
    """This machine does not let a process give up its rights; nothing is read then."""


def confine(limits: Limits) -> None:
    """From here on this process computes, and nothing else."""
    _bound(limits)
    if sys.platform == "linux":
        _filter_calls()


def _bound(limits: Limits) -> None:
    (addresses, held), seconds = _taken(), max(1, math.ceil(limits.seconds / 2))
    if addresses:
        most = addresses + max(0, limits.memory - held)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.drawn, limits.drawn))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def _taken() -> tuple[int, int]:
    """Bytes that the program and its libraries take: of addresses, and of memory; 0 where no system says."""
    if sys.platform != "linux":
        return 0, 0
    addresses, held = Path("/proc/self/statm").read_text().split()[:2]
    return int(addresses) * resource.getpagesize(), int(held) * resource.getpagesize()


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def _filter_calls() -> None:
    known = _CALLS.get(os.uname().machine)
    if known is None:
        raise CannotConfine(os.uname().machine)
    code = _code(*known)
    program = _Program(len(code) // 8, code)
    libc = ctypes.CDLL(None, use_errno=True)
    zero = ctypes.c_ulong(0)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), zero, zero, zero):
        raise CannotConfine("new privileges")
    if libc.prctl(_PR_SET_SECCOMP, ctypes.c_ulong(_MODE_FILTER), ctypes.byref(program), zero, zero):
        raise CannotConfine(f"seccomp: {ctypes.get_errno()}")


def _code(architecture: int, calls: tuple[int, ...]) -> bytes:
    """The filter: another architecture's calls end the process, a call that is not listed is refused."""
    made = [_line(_LOAD, 4), _line(_EQUAL, architecture, yes=1), _line(_RETURN, _KILL), _line(_LOAD, 0)]
    for left, call in zip(range(len(calls), 0, -1), calls, strict=True):
        made.append(_line(_EQUAL, call, yes=left))
    return b"".join([*made, _line(_RETURN, _REFUSE), _line(_RETURN, _ALLOW)])


def _line(code: int, value: int, *, yes: int = 0) -> bytes:
    """One instruction; `yes` is how many are jumped over where the comparison holds."""
    return struct.pack("=HBBI", code, yes, 0, value)
