"""What every floor may know of a customer's sign-in or directory: whether it could serve."""

from __future__ import annotations

from typing import Protocol

from byoc.contracts.endpoint import EndpointSpec, Health
from byoc.contracts.findings import Finding


class IdentityAdapter(Protocol):
    """A provider of identities behind an endpoint: looked at here, signed in with elsewhere."""

    @property
    def spec(self) -> EndpointSpec: ...

    async def validate(self) -> tuple[Finding, ...]:
        """Everything that was found, what is refused first. Never raises. Addresses that a document names are
        judged by the guard; none is asked that it did not let through."""
        ...

    async def health(self) -> Health:
        """The same in one word. Never raises."""
        ...

    async def close(self) -> None:
        """Let go of what is kept open."""
        ...
