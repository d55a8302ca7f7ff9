"""One PostgreSQL and one Valkey for each process of a run, up before Django reads its settings.

Loaded with `-p` (see pyproject.toml): pytest-django imports the settings before any `conftest.py`
could start something. Where DATABASE_URL or REDIS_URL are set, those servers are used and nothing
is started in their place; DATABASE_OWNER_URL must then name a role with CREATEDB.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from humana.embedded import secrets
from humana.embedded.model import Model, installed
from humana.embedded.postgres import THROWAWAY, Postgres
from humana.embedded.process import Child
from humana.embedded.valkey import Valkey
from humana.kernel.errors import Misconfigured

PREFIX = "humana-test-"
LOOKING_ONLY = {"--help", "-h", "--version", "-V", "--markers", "--fixtures", "--collect-only"}


class Services:
    """What this run started, so that it can be stopped again."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
        self.home.chmod(0o711)  # PostgreSQL may run as another uid, which must get through
        self.secrets = secrets.keep(self.home)
        self.children: list[Child] = []
        self.postgres: Postgres | None = None
        self.valkey: Valkey | None = None

    def start(self) -> None:
        os.environ["HUMANA_HOME"] = str(self.home)  # never the run.json of a running `make up`
        for name in ("SECRET_KEY", "HUMANA_SEAL_KEY", "HUMANA_DEMO_PASSWORD"):
            os.environ.setdefault(name, self.secrets[name])
        if not os.environ.get("DATABASE_URL"):
            self._start_postgres()
        elif not os.environ.get("DATABASE_OWNER_URL"):
            raise Misconfigured("DATABASE_OWNER_URL is not set: the tests create databases.")
        if not os.environ.get("REDIS_URL"):
            self._start_valkey()
        for name in ("DATABASE_URL", "DATABASE_OWNER_URL"):
            os.environ[name] = in_database(os.environ[name], run_database())

    def _start_postgres(self) -> None:
        self.postgres = Postgres(self.home, self.secrets, settings=THROWAWAY)
        self.children.append(self.postgres.start())
        self.postgres.prepare()
        os.environ["DATABASE_URL"] = self.postgres.url("app")
        os.environ["DATABASE_OWNER_URL"] = self.postgres.url("owner")

    def _start_valkey(self) -> None:
        self.valkey = Valkey(self.home, self.secrets["valkey"], durable=False)
        self.children.append(self.valkey.start())
        os.environ["REDIS_URL"] = self.valkey.url

    def stop(self) -> None:
        for child in reversed(self.children):
            child.stop()
        self.children.clear()
        shutil.rmtree(self.home, ignore_errors=True)


SERVICES: Services | None = None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, args: list[str]
) -> Generator[None, None, None]:
    """A wrapper, so that it comes before pytest-django, whichever was registered first."""
    global SERVICES
    if SERVICES is None and not LOOKING_ONLY & set(args) and not _only_hands_out(early_config):
        sweep()
        SERVICES = Services()
        SERVICES.start()
    return (yield)


def _only_hands_out(config: pytest.Config) -> bool:
    """Whether others run the tests (`-n`), each with servers of its own."""
    workers = getattr(config.known_args_namespace, "numprocesses", None)
    return bool(workers) and "PYTEST_XDIST_WORKER" not in os.environ


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    if SERVICES is not None:
        SERVICES.stop()


@pytest.fixture(scope="session")
def services() -> Services:
    """The embedded servers of this run."""
    assert SERVICES is not None
    return SERVICES


@pytest.fixture(scope="session")
def builtin_model(services: Services) -> Iterator[Model]:
    """The real built-in model behind its real server; started once, when first asked for."""
    if not installed():
        pytest.skip("the built-in model is not installed on this machine")
    model = Model(services.home, services.secrets["model"])
    child = model.start()
    yield model
    child.stop()


def run_database() -> str:
    """A name of this run's own, so that runs on one server do not meet."""
    return f"humana_test_{os.getpid()}"


def in_database(url: str, name: str) -> str:
    """The same server and role, another database."""
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def sweep() -> None:
    """Remove what runs left behind that were killed. Their servers died with them."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        pid = folder.name.removeprefix(PREFIX).split("-", 1)[0]
        if pid.isdigit() and folder.stat().st_uid == os.geteuid() and not _lives(int(pid)):
            shutil.rmtree(folder, ignore_errors=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
