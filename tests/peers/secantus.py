"""A customer's MongoDB: another house's server of its protocol, with data that the test run throws away.

SecantusDB keeps data in WiredTiger and checks passwords and roles, but it is no mongod. With
HUMANA_MONGO_URL (`mongodb://user:password@host:port/database`, `?tls=true`) the same tests run on a
real one; its user needs the role readWrite there, and the tests delete what they wrote.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from humana.embedded.process import CannotStart, Child, on_free_port, spawn, wait_until
from humana.embedded.secrets import word
from tests.peers.server import ENVIRONMENT, DatabaseServer, program

NAME = "secantusd-py"
#: Its own environment, beside ours: `make mongo-peer`.
BESIDE = Path(sys.prefix) / "peers" / "mongodb" / "bin" / NAME


def url_of_a_customer() -> str:
    return os.environ.get("HUMANA_MONGO_URL", "")


def server_program() -> Path | None:
    return BESIDE if BESIDE.exists() else program(NAME)


class MongoServer(DatabaseServer):
    """A server and its one user, who reads and writes one database and nothing else."""

    scheme = "mongodb"
    tls = False

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"

    def connect(self) -> MongoClient[dict[str, Any]]:
        """The customer's user, looking for itself."""
        return self._client(username=self.user, password=self.password)

    def _client(self, **options: Any) -> MongoClient[dict[str, Any]]:
        known = {"directConnection": True, "uuidRepresentation": "standard", "tz_aware": True}
        if self.tls:
            known |= {"tls": True, "tlsAllowInvalidCertificates": True}
        return MongoClient(self.host, self.port, **known, **options)


class CustomersMongo(MongoServer):
    """The server that HUMANA_MONGO_URL names."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        super().__init__(
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            name=parts.path.strip("/"),
        )
        self.host, self.port = parts.hostname or "", parts.port or 27017
        self.tls = parse_qs(parts.query).get("tls") == ["true"]


class Secantus(MongoServer):
    """One server below `home`. With files of a certificate and its key it speaks TLS only."""

    def __init__(self, home: Path, certified: tuple[Path, Path] | None = None) -> None:
        super().__init__(user="customer", password=word(), name="customer_papers")
        self.home = home
        self.certified = certified

    def start(self) -> Child:
        """Make the user, then start the server with its doors shut; CannotStart with its log.

        The user can only be made while nobody needs a password: on loopback, for a moment.
        """
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._create_user()
        self.tls = self.certified is not None
        return on_free_port(lambda port: self._start(port, "--auth", *self._certificate()))

    def _create_user(self) -> None:
        child = on_free_port(self._start)
        with self._client() as anybody:
            role = {"role": "readWrite", "db": self.name}
            anybody.admin.command("createUser", self.user, pwd=self.password, roles=[role])
        child.stop()

    def _start(self, port: int, *options: str) -> Child:
        self.port = port
        binary = server_program()
        if binary is None:
            raise CannotStart(f"{NAME} is not installed: make mongo-peer")
        child = spawn(
            "SecantusDB",
            [binary, "--host", self.host, "--port", str(port), *self._storage(), *options],
            log=self.home.parent / "logs" / "secantus.log",
            directory=self.home,
            environ={**ENVIRONMENT, "HOME": str(self.home)},
        )
        wait_until(self._answers, child, seconds=60)
        return child

    def _storage(self) -> list[str]:
        return ["--storage-path", str(self.home / "data"), "--cache-size", "64M"]

    def _certificate(self) -> list[str]:
        if self.certified is None:
            return []
        return [f"--tls-cert-file={self.certified[0]}", f"--tls-key-file={self.certified[1]}"]

    def _answers(self) -> bool:
        try:
            with self._client(serverSelectionTimeoutMS=200) as anybody:
                anybody.admin.command("hello")
        except PyMongoError:
            return False
        return True
