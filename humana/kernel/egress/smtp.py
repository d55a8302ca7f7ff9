"""smtplib on a guarded socket: the judged address is dialled, the certificate checked against the name."""

from __future__ import annotations

import smtplib
import socket
import ssl
from typing import Any

from humana.kernel.egress.guard import Guard, Origin
from humana.kernel.egress.sockets import guarded_socket
from humana.kernel.egress.tls import machine_trust

#: What an address of a mail server may begin with, and the usual port of each.
PORTS = {"smtp": 587, "smtps": 465}


class GuardedSMTP(smtplib.SMTP):
    """`smtps` speaks TLS from the beginning; with `smtp`, `starttls()` begins it. Connects when made.

    Raises EgressRefused, OSError, or one of smtplib's own errors.
    """

    def __init__(
        self,
        origin: Origin,
        guard: Guard,
        *,
        seconds: float = 10.0,
        trust: ssl.SSLContext | None = None,
        local_hostname: str | None = None,
    ) -> None:
        self._origin, self._guard = origin, guard
        self._trust = trust or machine_trust()
        super().__init__(origin.host, origin.port, local_hostname, timeout=seconds)

    def _get_socket(self, host: str, port: int, timeout: Any) -> socket.socket:
        made = guarded_socket(self._origin, self._guard, float(timeout))
        if self._origin.scheme == "smtps":
            made = self._trust.wrap_socket(made, server_hostname=self._origin.host)
        made.settimeout(float(timeout))
        return made

    def starttls(self, *_: Any, **__: Any) -> tuple[int, bytes]:
        """Always checked: a context that somebody else made is not asked."""
        return super().starttls(context=self._trust)
