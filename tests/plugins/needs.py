"""`@pytest.mark.needs("node")`: a test that a bare machine cannot run says so and is skipped.

With HUMANA_CI=1 nothing may be missing: there such a test fails. What needs a server that comes as a
Debian package belongs to `make test-adapters`.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from documents.extraction import engine
from tests.peers import fake_gcs, mariadb, monitoring, secantus, slapd, storages
from tests.peers.server import program

PEERS = Path(__file__).resolve().parents[1] / "peers" / "node"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(name): skipped where the machine lacks it")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Before the markers choose who runs."""
    for item in items:
        if any(name in PACKAGED for marker in item.iter_markers("needs") for name in marker.args):
            item.add_marker("adapters")


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("needs"):
        for name in marker.args:
            require(name)


def require(name: str) -> None:
    """What the marker does; for fixtures that start what the machine may lack."""
    missing = MISSING[name]()
    if missing and os.environ.get("HUMANA_CI") == "1":
        pytest.fail(f"{missing} (nothing may be missing in CI)", pytrace=False)
    if missing:
        pytest.skip(missing)


#: Servers that no package registry of Python or Node has.
PACKAGED = frozenset({"mariadb", "pgbouncer", "slapd", "strace", "victoria", "alertmanager", "tesseract"})

#: What keeps a browser in a test from talking to anybody else.
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str | None:
    """The browser of this machine, if it has one."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def _node() -> str | None:
    if shutil.which("node") is None:
        return "Node is not installed"
    if not (PEERS / "node_modules").is_dir():
        return "the Node peers are not installed: npm ci in tests/peers/node"
    return None


def _chromium() -> str | None:
    if find_spec("playwright") is None:
        return "playwright is not installed"
    return None if chromium() else "no Chromium on this machine: make browser-install"


def _model() -> str | None:
    from humana.embedded.model import installed

    return None if installed() else "the built-in model is not installed"


def _linux() -> str | None:
    return None if Path("/proc/self/status").exists() else "only on Linux"


def _mariadb() -> str | None:
    if absent := [name for name in mariadb.PROGRAMS if program(name) is None]:
        return f"MariaDB is not installed: no {', '.join(absent)}"
    return None if mariadb.ZONES.is_dir() else f"no time zones in {mariadb.ZONES}"


def _pgbouncer() -> str | None:
    return None if program("pgbouncer") else "PgBouncer is not installed"


def _mongodb() -> str | None:
    if secantus.url_of_a_customer() or secantus.server_program():
        return None
    return "no server that speaks MongoDB is installed: make mongo-peer"


def _oteltap() -> str | None:
    return None if monitoring.beside("oteltap") else "no oteltap: make adapter-peers"


def _ddapm() -> str | None:
    return None if monitoring.beside("ddapm-test-agent") else "no ddapm-test-agent: make adapter-peers"


def _victoria() -> str | None:
    return None if program("victoria-metrics") else "VictoriaMetrics is not installed"


def _alertmanager() -> str | None:
    return None if program("prometheus-alertmanager") else "Alertmanager is not installed"


def _scim() -> str | None:
    program = Path(sys.prefix) / "peers" / "adapters" / "bin" / "scim2-server"
    return None if program.exists() else "scim2-server is not installed beside ours"


def _slapd() -> str | None:
    absent = [name for name in slapd.PROGRAMS if program(name) is None]
    return f"OpenLDAP is not installed: no {', '.join(absent)}" if absent else None


def _oidc() -> str | None:
    missing = _node()
    if missing is None and not (storages.NODE.parent / "oidc-provider").is_dir():
        return "oidc-provider is not installed: npm ci in tests/peers/node"
    return missing


def _beside(name: str) -> Callable[[], str | None]:
    return lambda: None if storages.beside(name) else f"{name} is not installed: make adapter-peers"


def _azurite() -> str | None:
    missing = _node()
    if missing is None and not (storages.NODE / "azurite-blob").exists():
        return "Azurite is not installed: npm ci in tests/peers/node"
    return missing


def _mcp_node() -> str | None:
    missing = _node()
    if missing is None and not (storages.NODE / "mcp-server-everything").exists():
        return "the reference servers of tools are not installed: npm ci in tests/peers/node"
    return missing


def _maildev() -> str | None:
    missing = _node()
    if missing is None and not (storages.NODE / "maildev").exists():
        return "MailDev is not installed: npm ci in tests/peers/node"
    return missing


def _fake_gcs() -> str | None:
    return None if fake_gcs.server_program() else "fake-gcs-server is not installed: make adapter-peers"


def _tesseract() -> str | None:
    return None if engine.languages() else "no Tesseract with a language: tesserocr, tesseract-ocr-por"


def _strace() -> str | None:
    return None if program("strace") else "strace is not installed"


MISSING = {
    "strace": _strace,
    "tesseract": _tesseract,
    "ddapm": _ddapm,
    "oteltap": _oteltap,
    "victoria": _victoria,
    "alertmanager": _alertmanager,
    "scim": _scim,
    "slapd": _slapd,
    "oidc": _oidc,
    "node": _node,
    "chromium": _chromium,
    "model": _model,
    "linux": _linux,
    "mariadb": _mariadb,
    "pgbouncer": _pgbouncer,
    "mongodb": _mongodb,
    "rclone": _beside("rclone"),
    "moto": _beside("moto_server"),
    "azurite": _azurite,
    "mcp-node": _mcp_node,
    "mcp-time": _beside("mcp-server-time"),
    "maildev": _maildev,
    "fake-gcs": _fake_gcs,
}
