"""How many bytes the files of an organization's documents take, of how many its plan has.

What lies in the trash counts until it is gone for good; a note that somebody wrote has no file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.models import Sum
from django.utils.translation import gettext as _

from documents.models import DocumentFile
from humana.kernel import measures
from humana.kernel.errors import Conflict
from tenants.places import gather
from tenants.plan_room import PlanRoom, hold_room, room
from tenants.transactions import control_atomic


def stored_bytes() -> int:
    """Of all placements that answer."""
    return sum(gather(lambda: [DocumentFile.objects.aggregate(all=Sum("size"))["all"] or 0]).found)


def refuse_full(size: int) -> None:
    """Before a file is taken in that has no room anyway."""
    _judge(room(), size)


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Around the transaction that keeps so much more: of two at once for the last of it one is refused.
    Conflict says what to do.
    """
    if room().stored is None:
        yield
        return
    with control_atomic():
        _judge(hold_room("stored"), size)
        yield


def _judge(allowed: PlanRoom, size: int) -> None:
    if allowed.stored is None:
        return
    used = stored_bytes()
    if used + size <= allowed.stored:
        return
    sentence = _(
        "There is no room for this file: documents of your organization take %(used)s of the %(limit)s of its"
        " plan (%(plan)s). Delete some that are no longer needed: what is in the trash takes room until its"
        " days are over. Or ask an administrator for more room."
    )
    told = {"used": measures.size(used), "limit": measures.size(allowed.stored), "plan": allowed.plan_name}
    raise Conflict(sentence % told, field="file", code="no_room")
