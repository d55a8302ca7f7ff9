"""The web server as the launcher runs it: one worker on loopback."""

from __future__ import annotations

import urllib.error
import urllib.request

from humana import env
from humana.embedded.process import free_port, is_free
from humana.kernel.errors import Misconfigured


def is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5) as page:
            return bool(page.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def choose_port() -> int:
    """PORT, or 8000, or the next free one."""
    wanted = env.integer("PORT", 0, least=1, most=65535) if env.given("PORT") else 0
    if not wanted:
        return next((port for port in range(8000, 8100) if is_free(port)), 0) or free_port()
    if not is_free(wanted):
        raise Misconfigured(f"PORT should be a free port: {wanted} is in use.")
    return wanted


def command(port: int) -> tuple[str, ...]:
    return (
        *("uvicorn", "humana.asgi:application", "--host", "127.0.0.1", "--port", str(port)),
        *("--loop", "uvloop", "--http", "httptools", "--no-proxy-headers", "--no-server-header"),
        *("--no-access-log", "--timeout-graceful-shutdown", "5"),
    )
