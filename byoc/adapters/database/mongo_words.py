"""What MongoDB's driver says, as a sentence: what happened, and what to do."""

from __future__ import annotations

from django.utils.translation import gettext as _
from pymongo.errors import (
    AutoReconnect,
    ConfigurationError,
    ExecutionTimeout,
    InvalidName,
    NetworkTimeout,
    NotPrimaryError,
    OperationFailure,
    PyMongoError,
    WTimeoutError,
)

from humana.kernel.errors import EndpointError

NOT_ACCEPTED = {11, 18, 8000}
NO_RIGHT = {13}
NOT_WRITABLE = {10107, 13435, 189}


def failure(error: PyMongoError) -> EndpointError:
    """What happened, in a sentence; never what the server said of itself."""
    code = error.code if isinstance(error, OperationFailure) else None
    if code in NOT_ACCEPTED:
        message = _("The database for documents does not accept our user and password. Renew them.")
        return EndpointError(message, permanent=True, code="unauthorized")
    if code in NO_RIGHT:
        message = _("The database for documents does not let our user work. Give it the role readWrite.")
        return EndpointError(message, permanent=True, code="no_right")
    if code in NOT_WRITABLE or isinstance(error, NotPrimaryError):
        message = _("No server of the endpoint for documents takes writes just now. Try again in a moment.")
        return EndpointError(message, permanent=False, code="not_primary")
    if isinstance(error, ConfigurationError | InvalidName):
        message = _("The endpoint for documents cannot be used as it is. Check its options.")
        return EndpointError(message, permanent=True, code="bad_endpoint")
    if isinstance(error, NetworkTimeout | ExecutionTimeout | WTimeoutError):
        message = _("The database for documents took too long to answer. Try again.")
        return EndpointError(message, permanent=False, code="timeout")
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        message = _("The database for documents does not prove by its certificate that it is the one named.")
        return EndpointError(message, permanent=True, code="not_certified")
    if isinstance(error, AutoReconnect):
        message = _("The database for documents cannot be reached just now. Try again in a moment.")
        return EndpointError(message, permanent=False, code="unreachable")
    message = _("The database for documents could not do this. Try again.")
    return EndpointError(message, permanent=False)
