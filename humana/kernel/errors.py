"""Every error Humana raises on purpose, as one tree.

    HumanaError
    ├── Unauthenticated     401  nobody is signed in, or no organization was named
    ├── NotAllowed          403  known person, missing right
    ├── NotFound            404  missing, or somebody else's: never distinguished
    ├── Conflict            409  the state does not allow it now
    │   └── StaleVersion    412  edited by somebody else meanwhile
    ├── Invalid             422  the input is wrong; `field` says where
    ├── TooMany             429  a limit was reached; `retry_after` in seconds
    ├── Unavailable         503  not just now, for this organization; `retry_after` in seconds
    ├── EndpointError       502  an outside service failed; `permanent` is all a retry needs to know
    └── Misconfigured       500  an operator must mend the installation
        └── NoTenant        500  a tenant query outside a context: always a programming error

A message is a sentence for the person who sees it: what happened and what to do. `code` is for
programs and never changes once published.
"""

from __future__ import annotations

from typing import Any, ClassVar


class HumanaError(Exception):
    """Base of the tree. `status` is the HTTP answer, `code` the stable name of the problem."""

    status: ClassVar[int] = 500
    default_code: ClassVar[str] = "error"

    def __init__(self, message: Any, *, code: str | None = None, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.field = field

    def __str__(self) -> str:
        return str(self.message)


class Unauthenticated(HumanaError):
    status, default_code = 401, "unauthenticated"


class NotAllowed(HumanaError):
    status, default_code = 403, "not_allowed"


class NotFound(HumanaError):
    status, default_code = 404, "not_found"


class Conflict(HumanaError):
    status, default_code = 409, "conflict"


class StaleVersion(Conflict):
    status, default_code = 412, "stale_version"


class Invalid(HumanaError):
    status, default_code = 422, "invalid"


class TooMany(HumanaError):
    """`retry_after` is in seconds."""

    status, default_code = 429, "too_many"

    def __init__(self, message: Any, *, retry_after: int = 1, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


class Unavailable(HumanaError):
    """One organization, or one placement, cannot be served just now. `retry_after` is in seconds."""

    status, default_code = 503, "unavailable"

    def __init__(self, message: Any, *, retry_after: int = 5, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


class EndpointError(HumanaError):
    """An outside service failed. `permanent` means that trying again cannot help.

    `retry_after` is the wait in seconds that the service asked for, if it did.
    """

    status, default_code = 502, "endpoint_failed"

    def __init__(
        self,
        message: Any,
        *,
        permanent: bool,
        code: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, code=code)
        self.permanent = permanent
        self.retry_after = retry_after


class Misconfigured(HumanaError):
    status, default_code = 500, "misconfigured"


class NoTenant(Misconfigured):
    status, default_code = 500, "no_tenant"
