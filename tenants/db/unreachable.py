"""What a driver says of a database, as a sentence for people: what is wrong there, and what to change.

The server's code decides. Only where there is none, as when a connection is not made, do the words;
what stands in quotes there are names of the customer's own, and says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from django.db import Error
from django.utils.translation import gettext as _

from humana.kernel.errors import EndpointError


@dataclass(frozen=True, slots=True)
class _Said:
    """`codes` are SQLSTATEs, or the beginning of some, and numbers of MariaDB; `words` are a pattern.

    `permanent` means that trying again is in vain.
    """

    codes: tuple[str | int, ...]
    words: str
    sentence: str
    permanent: bool


def unreachable(error: BaseException) -> EndpointError:
    """A sentence for what a driver said; its own words may name what is none of the reader's business."""
    code, words = _code(error), _words(error)
    for said in _known():
        if _is_one_of(code, said.codes) if code else re.search(said.words, words):
            return EndpointError(said.sentence, permanent=said.permanent, code="database_unreachable")
    message = _("The database did not answer as expected. See that it is running and reachable.")
    return EndpointError(message, permanent=False, code="database_unreachable")


@contextmanager
def in_a_sentence() -> Iterator[None]:
    """What a driver says within the block."""
    try:
        yield
    except (psycopg.Error, Error) as error:
        raise unreachable(error) from error


def _is_one_of(code: str | int, codes: tuple[str | int, ...]) -> bool:
    if isinstance(code, int):
        return code in codes
    return any(isinstance(one, str) and code.startswith(one) for one in codes)


def _code(error: BaseException) -> str | int:
    """What the server calls it; 0 where it never came to say so."""
    number = error.args[0] if error.args else None
    if isinstance(number, int) and number // 1000 in {1, 3, 4}:
        return number  # in between are PyMySQL's own, of a connection that is not there
    if isinstance(number, int):
        return 0
    states = (getattr(one, "sqlstate", None) for one in (error, error.__cause__))
    return next((str(state) for state in states if state), 0)


def _words(error: BaseException) -> str:
    """In small letters; the apostrophe of *can't* opens no quotation."""
    said = " ".join(str(part) for part in error.args).lower()
    return re.sub(r"\"[^\"]*\"|(?<!\w)'[^']*'|`[^`]*`", "", said)


def _known() -> Iterator[_Said]:
    yield _Said(
        ("28", 1044, 1045, 1698),
        r"password authentication failed|access denied|no password supplied|role\s+(does not exist|is not)",
        _("The database refuses the user or the password. Check both."),
        True,
    )
    yield _Said(
        (1130,),
        r"no pg_hba\.conf entry|pg_hba\.conf rejects|not allowed to connect",
        _("The server lets nobody in from here, or not in this way. Allow our address for this user."),
        True,
    )
    yield _Said(
        ("3D000", 1049),
        r"database\s+does not exist|unknown database",
        _("There is no database of this name on the server. Create it, or correct the name."),
        True,
    )
    yield _Said(
        ("42501", 1142, 1143, 1227, 1370),
        r"permission denied|command denied",
        _("The user has not every right it needs there. Grant it all rights on this database."),
        True,
    )
    yield _Said(
        ("25006", 1290, 1836),
        r"read-only transaction|readonly database",
        _("The server only reads, as a replica does. Give the address of the primary."),
        False,
    )
    yield _Said(
        ("53300", 1040, 1203, 1226),
        r"too many|remaining connection slots",
        _("The server has no connection left for us. Allow more connections for this user."),
        False,
    )
    yield _Said(
        ("53100", 1021, 1114),
        r"disk (is )?full|no space left|could not extend",
        _("The server's disk is full. Make room, then try again."),
        False,
    )
    yield _Said(
        ("53200", 1037, 1038, 1041),
        r"out of memory",
        _("The server is out of memory. Give it more, or wait until it has less to do."),
        False,
    )
    yield _Said(
        (),
        r"larger than allowed",
        _("The server sends more than any answer can be. See that it is the database that you mean."),
        True,
    )
    yield _Said(
        (),
        r"unexpected eof|consuming input failed|connection reset|broken pipe",  # it was there before
        _("The server does not answer. Check address, port and firewall."),
        False,
    )
    yield _Said(
        (),
        r"certificate|\bssl\b|\btls\b",
        _("No encrypted connection could be made. Check the server's certificate."),
        True,
    )
    yield _Said(
        ("08", "57P"),
        r"refused|time-?out|timed out|could not connect|can't connect|couldn't get a connection"
        r"|unreachable|lost connection|closed|starting up|shutting down",
        _("The server does not answer. Check address, port and firewall."),
        False,
    )
