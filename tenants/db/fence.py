"""No writer passes while an organization's last rows are read from another server.

The lock of a residence (`tenants/db/residence.py`) ends with the session that holds it: a customer's
server may end that at any moment. Where source and control plane are not one database, the control
plane therefore keeps the door closed too: until a moment that is put off for as long as the mover
lives, and that still has to lie ahead when the new placement is named.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.utils.translation import gettext as _

from humana.kernel.errors import Unavailable

log = logging.getLogger(__name__)

#: How long writers are kept out after a mover that was killed, and how often a living one puts that
#: off; seconds.
HELD, RENEWED = 10, 2
#: How far ahead the end must lie when the new placement is named: longer than the commit takes, in seconds.
MARGIN = 4
#: Nobody is kept from writing for longer, in seconds: the move gives the freeze up and tries again.
LONGEST = 60

_CLOSE = """
    UPDATE public.tenants_organization SET frozen_until = clock_timestamp() + make_interval(secs => %s)
    WHERE id = %s
"""
#: Waits for nobody: who names the new placement holds the row, and waits for the thread that puts off.
_PUT_OFF = """
    UPDATE public.tenants_organization SET frozen_until = clock_timestamp() + make_interval(secs => %s)
    WHERE id = (SELECT id FROM public.tenants_organization
                WHERE id = %s AND frozen_until > clock_timestamp() FOR NO KEY UPDATE SKIP LOCKED)
"""
_OPEN_IN_TIME = """
    UPDATE public.tenants_organization SET frozen_until = NULL
    WHERE id = %s AND frozen_until > clock_timestamp() + make_interval(secs => %s)
"""
_OPEN = "UPDATE public.tenants_organization SET frozen_until = NULL WHERE id = %s"


@contextmanager
def closed(organization_id: uuid.UUID) -> Iterator[Callable[[], None]]:
    """Nobody begins to write for the organization within the block.

    Yields what the transaction that names the new placement calls: it opens the door with the commit,
    and raises Unavailable where the door may have been open before.
    """
    _run(_CLOSE, HELD, organization_id)
    over = threading.Event()
    putting_off = threading.Thread(target=_put_off, args=(organization_id, over), daemon=True)
    putting_off.start()

    def open_in_time() -> None:
        over.set()
        putting_off.join()
        if not _run(_OPEN_IN_TIME, organization_id, MARGIN):
            raise Unavailable(
                _("The last rows took too long to carry. It is tried again by itself."), code="busy"
            )

    try:
        yield open_in_time
    finally:
        over.set()
        putting_off.join()
        _run(_OPEN, organization_id)


def _put_off(organization_id: uuid.UUID, over: threading.Event) -> None:
    """Until the block ends, or its time does; a door that was open already stays so."""
    deadline = time.monotonic() + LONGEST
    try:
        while not over.wait(RENEWED) and time.monotonic() < deadline:
            _run(_PUT_OFF, HELD, organization_id)
    except Error:
        log.warning("the freeze of organization %s could not be put off", organization_id, exc_info=True)
    finally:
        connections.close_all()


def _run(statement: str, *values: uuid.UUID | int) -> int:
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)
