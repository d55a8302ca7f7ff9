"""`make bench-stream`: what an answer costs on its way through /v1.

Authorization, row-level security, saving, metering and the trail are on; the model is scripted and
paced; one worker. All servers run side by side and are visited in turn, so that they share whatever
else the machine does; figures are medians of the rounds. CPU is user and system time of the server's
own processes.
"""

from __future__ import annotations

import os
import statistics
import sys
import threading
import time
from typing import Any

import uvloop

from tests.benchmarks.load import Load, streams
from tests.benchmarks.stage import Process, scripted_model, staged, uvicorn, verdict
from tests.plugins.services import Services

ROUNDS = int(os.environ.get("ROUNDS", "3"))
TOKENS = 256
SCRIPT = f"paced:{TOKENS}:20"


def main() -> int:
    with staged() as services:
        model = scripted_model(services)
        key, slug = _organization()
        given = {"HUMANA_LLM_URL": f"{model.url}/v1", "HUMANA_LLM_KEY": "x", "HUMANA_LLM_MODEL": "scripted"}
        relay = uvicorn("tests.benchmarks.relay:application", services, "relay", RELAY_UPSTREAM=model.url)
        ours = uvicorn("humana.asgi:application", services, "ours", **given)
        chunks = uvicorn("tests.benchmarks.chunk_objects:application", services, "chunks", **given)
        direct = Process(model.popen, model.url, model.log)
        try:
            return _measure(
                services, {"direct": direct, "relay": relay, "chunk objects": chunks, "ours": ours}, key, slug
            )
        finally:
            for process in (ours, chunks, relay, model):
                process.stop()


def _organization() -> tuple[str, str]:
    from tests.fixtures.organizations import build_world

    world = build_world("bench")
    return world.key, world.companion.slug


def _measure(services: Services, servers: dict[str, Process], key: str, slug: str) -> int:
    for server in servers.values():  # warm: imports, pools, connections
        _run(server, key, slug, count=8, ramp=0.2)
    held = [_cost(servers, key, slug), _first_token(servers, key, slug), _many(services, servers, key, slug)]
    print(f"\n{sum(held)} of {len(held)} groups hold")
    return 0 if all(held) else 1


def _run(server: Process, key: str, slug: str, *, count: int, ramp: float) -> tuple[Load, float]:
    """The load and the seconds of CPU per 1,000 tokens."""
    before = server.cpu()
    load = uvloop.run(streams(server.url, key=key, model=slug, script=SCRIPT, count=count, ramp=ramp))
    spent = server.cpu() - before
    if load.errors:
        print(f"  {load.errors} errors, such as {load.samples[:2]}")
    return load, spent / max(load.tokens, 1) * 1000


def _cost(servers: dict[str, Process], key: str, slug: str) -> bool:
    figures: dict[str, list[float]] = {name: [] for name in servers if name != "direct"}
    for _round in range(ROUNDS):
        for name in figures:
            figures[name].append(_run(servers[name], key, slug, count=128, ramp=TOKENS * 0.02)[1])
    middle = {name: statistics.median(values) for name, values in figures.items()}
    for name, value in middle.items():
        rounds = [round(one, 3) for one in figures[name]]
        print(f"  CPU s per 1,000 tokens, 128 streams, {name:<14} {value:.3f}  {rounds}")
    to_relay, to_chunks = middle["ours"] / middle["relay"], middle["ours"] / middle["chunk objects"]
    first = verdict(f"CPU per token, ours / bare relay: {to_relay:.2f}", "<= 2.5", holds=to_relay <= 2.5)
    second = verdict(
        f"CPU per token, ours / chunk objects: {to_chunks:.2f}", "<= 0.5", holds=to_chunks <= 0.5
    )
    return first and second


def _first_token(servers: dict[str, Process], key: str, slug: str) -> bool:
    added = []
    for _round in range(ROUNDS):
        direct, _cpu = _run(servers["direct"], key, slug, count=16, ramp=1.0)
        ours, _cpu = _run(servers["ours"], key, slug, count=16, ramp=1.0)
        added.append(ours.first_ms() - direct.first_ms())
    value = statistics.median(added)
    rounds = ", ".join(f"{one:.1f}" for one in added)
    return verdict(
        f"added time to first token, 16 streams, median ms: {value:.1f} ({rounds})",
        "<= 10",
        holds=value <= 10,
    )


def _many(services: Services, servers: dict[str, Process], key: str, slug: str) -> bool:
    ramp = TOKENS * 0.02
    direct, _cpu = _run(servers["direct"], key, slug, count=512, ramp=ramp)
    watch = _Connections(services)
    ours, _cpu = _run(servers["ours"], key, slug, count=512, ramp=ramp)
    most = watch.stop()
    share = ours.rate / direct.rate
    timeouts = servers["ours"].log.read_text().count("PoolTimeout")
    limit = int(os.environ.get("HUMANA_POOL_MAX", "16"))
    late = ours.first_ms(0.95)
    print(f"  512 streams: direct {direct.rate:.0f} tokens/s, ours {ours.rate:.0f}; p95 first {late:.0f} ms")
    return all(
        [
            verdict(f"512 streams: errors {ours.errors}", "0", holds=ours.errors == 0),
            verdict(f"512 streams: share of direct throughput {share:.2f}", ">= 0.75", holds=share >= 0.75),
            verdict(f"512 streams: most PostgreSQL connections {most}", f"<= {limit}", holds=most <= limit),
            verdict(f"512 streams: pool time-outs {timeouts}", "0", holds=timeouts == 0),
        ]
    )


class _Connections:
    """The most connections the web process had at once, asked ten times a second."""

    def __init__(self, services: Services) -> None:
        assert services.postgres is not None
        self._postgres = services.postgres
        self._most, self._done = 0, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        with self._postgres.connect("postgres") as connection:
            while not self._done.wait(0.1):
                row: Any = connection.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'ours'"
                ).fetchone()
                self._most = max(self._most, row[0])

    def stop(self) -> int:
        self._done.set()
        self._thread.join()
        return self._most


if __name__ == "__main__":
    started = time.monotonic()
    code = main()
    print(f"{time.monotonic() - started:.0f} s")
    sys.exit(code)
