"""A customer's database that does not answer is left in peace for a moment.

Connecting to it takes seconds to fail. Without this each request would hold a web thread for as
long, and the neighbours would wait for a thread. So after a failure one thread asks again now and
then, and everybody else is told at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.translation import gettext as _

from humana.kernel.errors import Unavailable

#: How long nobody asks again, in seconds.
PAUSE = 5.0

_lock = threading.Lock()
_silent_until: dict[str, float] = {}


@contextmanager
def asking(alias: str, failures: tuple[type[Exception], ...]) -> Iterator[None]:
    """Around making a connection; `failures` mean that there is none. Raises Unavailable in a pause."""
    _let_one_through(alias)
    try:
        yield
    except failures:
        with _lock:
            _silent_until[alias] = time.monotonic() + PAUSE
        raise
    forget(alias)


def forget(alias: str) -> None:
    with _lock:
        _silent_until.pop(alias, None)


def is_silent(alias: str) -> bool:
    """Whether it did not answer lately, and nobody asks again just now."""
    with _lock:
        return _silent_until.get(alias, 0.0) > time.monotonic()


def forget_all() -> None:
    with _lock:
        _silent_until.clear()


def silent() -> Unavailable:
    message = _("Your organization's database does not answer just now. Nothing is lost: try again soon.")
    return Unavailable(message, retry_after=15, code="database_unreachable")


def shut() -> Unavailable:
    message = _(
        "Your organization's database may not be reached: no operator lets Humana dial its address any more."
        " Nothing is lost: ask an operator to grant the address again."
    )
    return Unavailable(message, retry_after=15, code="database_not_granted")


def _let_one_through(alias: str) -> None:
    """Who comes first after a pause asks; the others wait for the answer like before."""
    with _lock:
        until = _silent_until.get(alias)
        if until is None:
            return
        if until > time.monotonic():
            raise silent()
        _silent_until[alias] = time.monotonic() + PAUSE
