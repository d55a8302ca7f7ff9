"""Django's mail on the guarded way out: to the one server that the installation itself names."""

from __future__ import annotations

import functools
import ssl
from typing import Any

from django.core.mail.backends import smtp

from humana.kernel.egress.guard import Grant, Guard, Origin
from humana.kernel.egress.smtp import GuardedSMTP

#: How long the server may take for each of its answers, in seconds.
PATIENCE = 10.0


class EmailBackend(smtp.EmailBackend):
    """For EMAIL_BACKEND. The certificate is checked whenever TLS is spoken; metadata is never dialled."""

    @property
    def connection_class(self) -> Any:
        origin = Origin("smtps" if self.use_ssl else "smtp", self.host.strip("[]").lower(), int(self.port))
        grant = Grant("platform", origin.scheme, origin.port, "the installation's mail server", origin.host)
        return functools.partial(_connected, origin, Guard("platform", [grant]))


def _connected(
    origin: Origin,
    guard: Guard,
    host: str,
    port: int,
    *,
    timeout: float | None = None,
    context: ssl.SSLContext | None = None,
    local_hostname: str | None = None,
) -> GuardedSMTP:
    """As Django calls smtplib's classes; its TLS context is not the one that is used."""
    return GuardedSMTP(origin, guard, seconds=timeout or PATIENCE, local_hostname=local_hostname)
