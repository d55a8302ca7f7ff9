"""Python runs this first where it is on PYTHONPATH: three dials that nobody let out, for the census to find.

PLANTED_DIALS names a port for each: a socket of Python's, uvloop's, libpq's. Nothing listens there.
"""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import suppress


def _by_socket(port: int) -> None:
    socket.create_connection(("127.0.0.1", port), timeout=1)


def _by_uvloop(port: int) -> None:
    import uvloop

    async def dial() -> None:
        await asyncio.get_running_loop().create_connection(asyncio.Protocol, "127.0.0.1", port)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(dial())


def _by_libpq(port: int) -> None:
    import psycopg

    with suppress(psycopg.OperationalError):
        psycopg.connect(f"postgresql://nobody@127.0.0.1:{port}/none?connect_timeout=2")


for _dial, _port in zip(
    (_by_socket, _by_uvloop, _by_libpq), os.environ.get("PLANTED_DIALS", "").split(), strict=False
):
    with suppress(OSError):
        _dial(int(_port))
