"""What every floor may know of signing in for a server of tools (OAuth): at which service, which tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Service:
    """Where somebody signs in for the tools of `server`, and as which client; judged when it was found.

    `redirect` is where the browser comes back to, `resource` whom tokens are for (RFC 8707), `scope` what is
    asked for, empty where nobody says. `metadata` and `client` are the SDK's, as JSON; `client` may hold
    a secret.
    """

    server: str
    redirect: str
    resource: str
    scope: str
    metadata: Mapping[str, Any] = field(hash=False)
    client: Mapping[str, Any] = field(hash=False, repr=False)

    @property
    def issuer(self) -> str:
        """The service's name for itself, an address."""
        return str(self.metadata["issuer"])


@dataclass(frozen=True, slots=True)
class Tokens:
    """What opens the server, for `seconds` (None: nobody knows). `refresh` is empty where there is none."""

    access: str = field(repr=False)
    refresh: str = field(default="", repr=False)
    scope: str = ""
    seconds: int | None = None
