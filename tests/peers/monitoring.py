"""Monitoring services that we did not write: what starts each of them, and when it answers."""

from __future__ import annotations

import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.error import HTTPError, URLError

from humana.embedded.process import CannotStart, Child, free_port, on_free_port, spawn, wait_until
from tests.peers.server import ENVIRONMENT, program

BESIDE = Path(sys.prefix) / "peers" / "adapters" / "bin"


def beside(name: str) -> Path | None:
    """A program of `make adapter-peers`."""
    return BESIDE / name if (BESIDE / name).exists() else None


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def listens(url: str) -> bool:
    """For a server that has nothing to show: any answer will do."""
    try:
        urllib.request.urlopen(url, timeout=1).close()
    except HTTPError:
        return True
    except (URLError, OSError):
        return False
    return True


def started(
    name: str,
    binary: Path | None,
    options: Callable[[int], list[str]],
    ready: str,
    home: Path,
    *,
    well: Callable[[str], bool] = answers,
) -> tuple[Child, int]:
    """The running program and its port; `ready` is a path that is `well` once it is up."""
    if binary is None:
        raise CannotStart(f"{name} is not installed")
    ports: list[int] = []

    def start(port: int) -> Child:
        ports.append(port)
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        child = spawn(
            name,
            [binary, *options(port)],
            log=home / f"{name}.log",
            directory=home,
            environ={**ENVIRONMENT, "HOME": str(home), "PYTHONUNBUFFERED": "1"},
        )
        wait_until(lambda: well(f"http://127.0.0.1:{port}{ready}"), child, seconds=30)
        return child

    return on_free_port(start), ports[-1]


def ddapm(home: Path) -> tuple[Child, int]:
    """Datadog's test agent; the port is that of its OTLP, where it also tells what it was sent."""

    def options(port: int) -> list[str]:
        others = ["--port", str(free_port()), "--otlp-grpc-port", str(free_port()), "--web-ui-port", "0"]
        return ["--host", "127.0.0.1", "--otlp-http-port", str(port), *others]

    return started("ddapm", beside("ddapm-test-agent"), options, "/test/session/traces", home)


TAP = """
import asyncio, sys
from oteltap.oteltap_http_protobuf_receiver import OtelTapHttpProtobufReceiver as Receiver
from oteltap.oteltap_http_protobuf_receiver_settings import OtelTapHttpProtobufReceiverSettings as Settings

async def tap(port, to):
    printed = {f"print_{one}_as_ndjson": True for one in ("traces", "logs", "metrics")}
    passed = {f"reemit_{one}_to_url": f"{to}/v1/{one}" for one in ("traces", "logs", "metrics")}
    async with Receiver(Settings(http_port=int(port), **printed, **passed)):
        await asyncio.Event().wait()

asyncio.run(tap(*sys.argv[1:]))
"""


def oteltap(home: Path, to: str) -> tuple[Child, int]:
    """A tap in a line of OTLP: `oteltap.log` has each span, line and number; whole requests go on to `to`."""
    binary = beside("oteltap") and beside("python")
    return started("oteltap", binary, lambda port: ["-c", TAP, str(port), to], "/", home, well=listens)


def victoria(home: Path) -> tuple[Child, int]:
    """VictoriaMetrics, which takes Datadog's series below /datadog."""

    def options(port: int) -> list[str]:
        return [
            f"-httpListenAddr=127.0.0.1:{port}",
            f"-storageDataPath={home / 'data'}",
            "-search.latencyOffset=0s",
        ]

    return started("victoria", program("victoria-metrics"), options, "/health", home)


def alertmanager(home: Path, webhook: str) -> tuple[Child, int]:
    """Prometheus' Alertmanager, which tells `webhook` of every alert at once."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    (home / "alertmanager.yml").write_text(
        "route: {receiver: ours, group_by: [key], group_wait: 0s, group_interval: 1s}\n"
        f"receivers: [{{name: ours, webhook_configs: [{{url: '{webhook}', send_resolved: true}}]}}]\n"
    )

    def options(port: int) -> list[str]:
        return [
            "--config.file=alertmanager.yml",
            "--storage.path=data",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
        ]

    return started("alertmanager", program("prometheus-alertmanager"), options, "/-/ready", home)
