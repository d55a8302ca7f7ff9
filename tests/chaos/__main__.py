"""`make chaos`: companions write to each other while everything is killed, again and again.

    python -m tests.chaos [--messages 2000] [--every 2.0] [--seed 7]

Real workers, beat, PostgreSQL and Valkey. What must come of it: every message that was sent is delivered,
each has one effect (one entry of the trail, which cannot be changed), in the order in which it was sent,
within a minute after the last was sent.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import threading
import time
from typing import Any

from tests.chaos.parts import Mortal, Parts, until

COMPANIONS, SENDERS = 12, 2
SETTLED_WITHIN = 60


def main() -> int:
    told = _arguments()
    random.seed(told.seed)
    services = Mortal()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "humana.settings.test")
    parts = Parts(services)
    try:
        services.start()
        _migrate()
        return _run(parts, told.messages, told.every)
    finally:
        parts.stop()
        services.stop()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=2_000)
    parser.add_argument("--every", type=float, default=2.0, help="seconds between two kills")
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    return parser.parse_args()


def _migrate() -> None:
    import django

    django.setup()
    from django.core.management import call_command

    from tests.plugins.databases import create, disconnect
    from tests.plugins.services import run_database

    create(run_database(), template="template1")
    call_command("migrate", verbosity=0, interactive=False)
    disconnect()


def _run(parts: Parts, number: int, every: float) -> int:
    from tests.chaos.traffic import Traffic

    traffic = Traffic(COMPANIONS)
    parts.start()
    traffic.send(0, SENDERS, 1)
    assert until(traffic.settled, 90), "the workers do not work"
    threads = [
        threading.Thread(target=traffic.send, args=(one, SENDERS, number // SENDERS), daemon=True)
        for one in range(SENDERS)
    ]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        time.sleep(every * random.uniform(0.5, 1.5))
        print(
            f"{time.monotonic() - began:6.1f} s  killed {parts.kill_one()}; {traffic.sent} sent", flush=True
        )
    last = time.monotonic()
    settled = until(traffic.settled, SETTLED_WITHIN)
    seconds = time.monotonic() - last
    if not settled:
        print(f"still waiting after {seconds:.0f} s: {traffic.waiting()}")
    if traffic.troubles:
        print("while sending:", dict(traffic.troubles))
    return _verdict(traffic, parts, seconds, settled=settled)


def _verdict(traffic: Any, parts: Parts, seconds: float, *, settled: bool) -> int:
    found = traffic.found()
    kills = sum(parts.kills.values())
    print("kills:", ", ".join(f"{name} {count}" for name, count in sorted(parts.kills.items())))
    order = "order kept" if found["disorder"] == 0 else f"{found['disorder']} out of order"
    print(
        f"{traffic.sent} messages, {kills} kills, {found['lost']} lost, {found['duplicated']} duplicated,"
        f" {order}, settled in {seconds:.0f} s"
    )
    good = settled and found == {"lost": 0, "duplicated": 0, "disorder": 0} and found_chain_holds()
    return 0 if good else 1


def found_chain_holds() -> bool:
    """The trail itself is whole."""
    from audit.services.chain import verify
    from tests.chaos.traffic import inside

    with inside():
        verdict = verify()
    if not verdict.holds:
        print("the trail:", verdict)
    return verdict.holds


if __name__ == "__main__":
    sys.exit(main())
