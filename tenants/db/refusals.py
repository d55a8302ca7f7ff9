"""What a database of an organization's own says when it cannot be worked with, as a sentence.

It may not answer, or its name leads nowhere; it may answer and take no changes, or keep from us what it
once gave. Whose rows are elsewhere works on, so each is a 503 of that place alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DEFAULT_DB_ALIAS, Error, InterfaceError, OperationalError
from django.utils.translation import gettext as _

from humana.kernel.errors import EndpointError, Unavailable
from tenants.db.breaker import silent

#: What drivers raise for a database that does not answer.
NO_ANSWER = (OperationalError, InterfaceError)
#: Whatever may be the matter with a database: `refusal` says whether it is that.
FAILURES = (Error, EndpointError)

#: By the SQLSTATE of PostgreSQL, the number of MariaDB, the name SQLite has for it.
_TAKES_NO_CHANGES = {"25006", 1290, 1792, 1836, "SQLITE_READONLY"}
#: Two wrote at once, and this one was given up: a deadlock, or a wait that took too long.
_BUSY = {"40P01", "40001", "55P03", 1020, 1205, 1213, "SQLITE_BUSY", "SQLITE_BUSY_SNAPSHOT", "SQLITE_LOCKED"}
_TAKES_TOO_LONG = {"57014", 1969}
_LACKS_RIGHTS = {"42501", "42P01", "3F000", 1044, 1142, 1143, 1146}


def refusal(error: Exception, alias: str) -> Unavailable | None:
    """What to tell people; None where it is not the database of that alias, or it is one of ours."""
    if alias == DEFAULT_DB_ALIAS:
        return None
    code = _code_of(error)
    if code in _BUSY:
        return busy()
    if code in _TAKES_NO_CHANGES:
        return _takes_no_changes()
    if code in _LACKS_RIGHTS:
        return _lacks_rights()
    if code in _TAKES_TOO_LONG:
        return _takes_too_long()
    return silent() if isinstance(error, NO_ANSWER) or _is_of_a_database(error) else None


@contextmanager
def refusing(alias: str) -> Iterator[None]:
    """What the database of that alias refuses within the block is raised as Unavailable."""
    try:
        yield
    except FAILURES as error:
        told = refusal(error, alias)
        if told is None:
            raise
        raise told from error


def _is_of_a_database(error: Exception) -> bool:
    """A model or a tool that fails within the block is no matter of the database."""
    return isinstance(error, EndpointError) and error.code == "database_unreachable"


def _code_of(error: Exception) -> object:
    """As the driver has it, below what Django raised. Of MariaDB the number: its SQLSTATEs are coarse."""
    cause = error.__cause__
    number = cause.args[0] if cause and cause.args else None
    if isinstance(number, int):
        return number
    return getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None)


def busy() -> Unavailable:
    """It answers, and only somebody else was first: the same again succeeds."""
    message = _("Somebody else is writing just now. Try again in a moment.")
    return Unavailable(message, code="busy")


def _takes_no_changes() -> Unavailable:
    message = _(
        "The organization's database takes no changes at the moment: it is read-only. What is there can be"
        " read. Whoever looks after the database can let changes in again."
    )
    return Unavailable(message, retry_after=60, code="database_read_only")


def _takes_too_long() -> Unavailable:
    message = _(
        "The organization's database did not finish this in the time that one statement may take there. Try"
        " again with less at once; an administrator may allow more time in the configuration."
    )
    return Unavailable(message, retry_after=60, code="statement_took_too_long")


def _lacks_rights() -> Unavailable:
    message = _(
        "The organization's database no longer lets Humana at its tables. Whoever looks after the database"
        " can give Humana's user its rights back."
    )
    return Unavailable(message, retry_after=60, code="database_lacks_rights")
