"""Under which identity PostgreSQL runs: it refuses root.

    not root                          ourselves
    root, `nobody` reaches the files  nobody
    root, files in a private home     root in a user namespace of its own, where it is uid 1000
    root, and no user namespaces      nobody, on a copy of the programs below /var/lib, and with
                                      the data there too where nobody cannot reach it

No directory that existed before ever changes its mode.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

CLONE_NEWUSER = 0x10000000
INSIDE_ID = 1000
REFUGE = Path("/var/lib/humana")


@dataclass(frozen=True)
class Account:
    """`become` runs in the child before exec; `uid`/`gid` own the data directory."""

    uid: int
    gid: int
    become: Callable[[], None] | None

    def own(self, tree: Path) -> None:
        """Hand over a directory of ours, which an earlier start may have given to another uid."""
        if os.geteuid() == 0 and tree.stat().st_uid != self.uid:
            for folder, _, files in os.walk(tree):
                os.chown(folder, self.uid, self.gid)
                for name in files:
                    os.chown(os.path.join(folder, name), self.uid, self.gid)


@dataclass(frozen=True)
class Place:
    """Where PostgreSQL's programs and data are, and who runs it there."""

    programs: Path
    data: Path
    account: Account


def find_place(programs: Path, data: Path) -> Place:
    """Judge by trying: the program is started as the account that would run it.

    Data that once moved below /var/lib stays there, whatever would work by now.
    """
    if os.geteuid() != 0:
        return Place(programs, data, unprivileged())
    moved = REFUGE / f"data-{_mark(data)}"
    if not moved.exists():
        for account in (_nobody(), _mapped()):
            if _works(account, programs, data.parent):
                return Place(programs, data, account)
    copy = _copied(programs)
    if not moved.exists() and _works(_nobody(), copy, data.parent):
        return Place(copy, data, _nobody())
    if data.exists():
        shutil.move(data, moved)
    return Place(copy, moved, _nobody())


def unprivileged() -> Account:
    """Ourselves, or `nobody` where we are root: for programs and folders that everybody reaches."""
    return _nobody() if os.geteuid() == 0 else Account(os.geteuid(), os.getegid(), None)


def _nobody() -> Account:
    entry = pwd.getpwnam("nobody")

    def become() -> None:
        os.setgroups([])
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)

    return Account(entry.pw_uid, entry.pw_gid, become)


def _mapped() -> Account:
    def become() -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(CLONE_NEWUSER) != 0:
            raise OSError(ctypes.get_errno(), "user namespaces are not allowed here")
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{INSIDE_ID} 0 1")
        Path("/proc/self/gid_map").write_text(f"{INSIDE_ID} 0 1")

    return Account(0, 0, become)


def _works(account: Account, programs: Path, folder: Path) -> bool:
    """Whether `account` reaches `folder` and can run the programs."""
    child = os.fork()
    if child == 0:
        try:
            nothing = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(nothing, stream)
            if account.become is not None:
                account.become()
            if os.access(folder, os.X_OK):
                os.execv(programs / "postgres", ["postgres", "--version"])
        finally:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def _copied(programs: Path) -> Path:
    """The programs with the libraries they find beside themselves, copied once per version."""
    package = programs.parent.parent
    state = (programs / "postgres").stat()
    target = REFUGE / f"programs-{_mark(programs)}-{state.st_size}-{int(state.st_mtime)}"
    if not target.exists():
        fresh = target.with_name(f"{target.name}.{os.getpid()}")
        for folder in (package, package.with_name(f"{package.name}.libs")):
            if folder.is_dir():
                shutil.copytree(folder, fresh / folder.name, symlinks=True)
        fresh.rename(target)
    return target / programs.relative_to(package.parent)


def _mark(path: Path) -> str:
    return sha256(os.fsencode(path)).hexdigest()[:12]
