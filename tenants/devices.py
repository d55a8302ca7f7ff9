"""Where a person is signed in, and signing out elsewhere. Sessions are the person's, of no organization."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.http import HttpRequest

from humana.kernel.crypto import associated, derived_key, sign
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

    id: uuid.UUID
    browser: str
    system: str
    address: str
    since: datetime
    here: bool


def devices_of(request: HttpRequest) -> list[Device]:
    """Where the person of this request is signed in, this session first, then the latest.

    A session from before we kept them is noted when its own person looks.
    """
    assert isinstance(request.user, User)
    if request.session.session_key:
        UserSession.objects.create_from_request(request)
    return devices(request.user, here=request.session.session_key)


def devices(user: User, *, here: str | None = None) -> list[Device]:
    """Where somebody is signed in; `here` is the key of the session that asks, None for a program."""
    found = [_device(row, row.session_key == here) for row in UserSession.objects.purge_and_list(user)]
    return sorted(found, key=lambda one: (one.here, one.since), reverse=True)


def device_in_words(agent: str) -> str:
    """The browser and the system it is on; of a program its own name, which comes first."""
    browser, system = _named(_BROWSERS, agent), _named(_SYSTEMS, agent)
    return " · ".join(filter(None, (browser, system))) if browser else agent.partition(" ")[0]


def sign_out_elsewhere(user: User, *, here: str | None = None) -> int:
    """End every other session of the person, every one where a program asks; how many there were."""
    ended = _others(user, here)
    for one in ended:
        one.end()
    return len(ended)


def sign_out_there(user: User, device_id: uuid.UUID, *, here: str | None = None) -> bool:
    """End one other session of the person; False where there is no such one."""
    row = next((one for one in _others(user, here) if _ref(one) == device_id), None)
    if row is not None:
        row.end()
    return row is not None


def _others(user: User, here: str | None) -> list[UserSession]:
    return list(UserSession.objects.filter(user=user).exclude(session_key=here or ""))


def _ref(row: UserSession) -> uuid.UUID:
    """What it is called outside, which says nothing of how many sign in."""
    return uuid.UUID(hex=sign(associated("device", str(row.pk)), key=derived_key("device"))[:32])


def _device(row: UserSession, here: bool) -> Device:
    return Device(
        _ref(row),
        _named(_BROWSERS, row.user_agent),
        _named(_SYSTEMS, row.user_agent),
        row.ip,
        row.created_at,
        here,
    )


def _named(known: tuple[tuple[str, re.Pattern[str]], ...], agent: str) -> str:
    return next((name for name, words in known if words.search(agent)), "")
