"""What the database servers of the tests have in common: an address, and an unprivileged user."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from humana.embedded.account import Account
from humana.embedded.process import CannotStart

ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}


class DatabaseServer:
    """Where a server listens, and the one user and database that a customer would tell us of."""

    scheme = "postgresql"
    host = "127.0.0.1"

    def __init__(self, *, user: str, password: str, name: str) -> None:
        self.user = user
        self.password = password
        self.name = name
        self.port = 0

    def url(self, name: str = "") -> str:
        """The user's address for database `name`, or for its own."""
        return f"{self.scheme}://{self.user}:{self.password}@{self.host}:{self.port}/{name or self.name}"


def program(name: str) -> Path | None:
    """A program of the system; Debian keeps servers where only root's PATH looks."""
    found = shutil.which(name) or shutil.which(name, path=ENVIRONMENT["PATH"])
    return Path(found) if found else None


def installed(name: str) -> Path:
    """The program, or CannotStart."""
    found = program(name)
    if found is None:
        raise CannotStart(f"{name} is not installed: install the package of the system that brings it.")
    return found


def make_home(home: Path, account: Account) -> None:
    """A folder that only `account` reads."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    account.own(home)


def write_private(path: Path, text: str, account: Account) -> Path:
    """Replace a file that only `account` reads: it holds passwords."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    os.chown(path, account.uid, account.gid)
    return path
