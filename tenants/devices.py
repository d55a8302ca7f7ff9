"""Where a person is signed in, and signing out elsewhere. Sessions are the person's, of no organization."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.http import HttpRequest

from tenants.models import User

#: What a browser calls itself, the first that fits; most name several others besides.
_BROWSERS = (
    ("Edge", re.compile(r"Edg(?:e|A|iOS)?/")),
    ("Opera", re.compile(r"OPR/")),
    ("Samsung Internet", re.compile(r"SamsungBrowser/")),
    ("Firefox", re.compile(r"(?:Firefox|FxiOS)/")),
    ("Chrome", re.compile(r"(?:Chrome|CriOS)/")),
    ("Safari", re.compile(r"Safari/")),
)
_SYSTEMS = (
    ("Android", re.compile("Android")),
    ("iPhone", re.compile("iPhone")),
    ("iPad", re.compile("iPad")),
    ("Windows", re.compile("Windows")),
    ("macOS", re.compile("Mac OS X|Macintosh")),
    ("Linux", re.compile("Linux|X11")),
)


@dataclass(frozen=True, slots=True)
class Device:
    """One session: what it says it is, from which address, since when."""

    id: int
    browser: str
    system: str
    address: str
    since: datetime
    here: bool


def devices_of(request: HttpRequest) -> list[Device]:
    """Where the person of this request is signed in, this session first, then the latest.

    A session from before we kept them is noted when its own person looks.
    """
    UserSession.objects.create_from_request(request)
    rows = UserSession.objects.purge_and_list(request.user)
    found = [_device(row, row.session_key == request.session.session_key) for row in rows]
    return sorted(found, key=lambda one: (one.here, one.since), reverse=True)


def sign_out_elsewhere(request: HttpRequest) -> int:
    """End every other session of the person; how many there were."""
    assert isinstance(request.user, User)
    others = UserSession.objects.filter(user=request.user).exclude(session_key=request.session.session_key)
    ended = list(others)
    for one in ended:
        one.end()
    return len(ended)


def sign_out_there(request: HttpRequest, session_id: int) -> bool:
    """End one other session of the person; False where there is no such one."""
    others = UserSession.objects.filter(user=request.user).exclude(session_key=request.session.session_key)
    row = others.filter(id=session_id).first()
    if row is not None:
        row.end()
    return row is not None


def _device(row: UserSession, here: bool) -> Device:
    return Device(
        row.id,
        _named(_BROWSERS, row.user_agent),
        _named(_SYSTEMS, row.user_agent),
        row.ip,
        row.created_at,
        here,
    )


def _named(known: tuple[tuple[str, re.Pattern[str]], ...], agent: str) -> str:
    return next((name for name, words in known if words.search(agent)), "")
