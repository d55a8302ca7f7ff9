"""Who stands at an asynchronous door: the same rules as the middleware, in one short call.

Runs in a thread of `tenants.threads`, returns plain values.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.utils.translation import override

from chats.models import Citation, Run
from chats.permissions import READ
from chats.queries import access_run
from chats.streaming import stream_key
from humana.kernel.actor import Actor
from humana.kernel.errors import Unauthenticated
from tenants.context import TenantContext, use_tenant
from tenants.doors import HEADER, Visitor, bearer, by_key, by_session, require_of
from tenants.models import User
from tenants.places import within
from tenants.sessions import session_over, too_old

Answer = TypeVar("Answer")
_engine = import_module(settings.SESSION_ENGINE)


def _user_of(session: Any) -> User | None:
    """The signed-in person behind a session; checked as Django's own middleware does."""
    user_id = session.get(SESSION_KEY)
    if user_id is None or session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return None
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None or not constant_time_compare(
        session.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash()
    ):
        return None
    return user


def visitor_for(*, headers: dict[str, str], session_key: str, slug: str | None, seen_as: Actor) -> Visitor:
    """Key first; else session with the organization from the address or the header."""
    token = bearer(headers.get("authorization", ""))
    if token is not None and slug is None:
        return by_key(token=token, seen_as=seen_as)
    session = _engine.SessionStore(session_key) if session_key else {}
    user = _user_of(session)
    named = slug or headers.get(HEADER.lower(), "")
    if user is None or not named:
        raise Unauthenticated(_("Sign in, or send an API key: Authorization: Bearer hk_…"))
    visitor = by_session(user=user, slug=named, seen_as=seen_as)
    if too_old(session, visitor.member):
        raise session_over()
    return visitor


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads a run: where it is, the reader's language, whose answer it is, what opens its stream."""

    place: TenantContext
    language: str
    message_id: uuid.UUID
    companion: str
    key: bytes = field(default=b"", repr=False)


def reader_of(
    *,
    headers: dict[str, str],
    session_key: str,
    slug: str | None,
    run_id: uuid.UUID,
    seen_as: Actor,
    language: str = "",
) -> Reader:
    """May this visitor read this run? `language` is that of the page, for who has chosen none."""
    visitor = visitor_for(headers=headers, session_key=session_key, slug=slug, seen_as=seen_as)
    with use_tenant(visitor.context):
        require_of(visitor, READ.name)
        with within("run_id", run_id) as place:
            run = access_run(member=visitor.member, run_id=run_id)
            name = run.chat.companion.name
    spoken = visitor.member.user.language or (language if language in dict(settings.LANGUAGES) else "")
    key = stream_key(place.organization_id)
    return Reader(place, spoken or settings.LANGUAGE_CODE, run.message_id, name, key)


def state_of(context: TenantContext, run_id: uuid.UUID) -> tuple[str, str, str]:
    """State, error and text of a run as saved: what a reader gets once the stream is gone."""
    with use_tenant(context):
        run = Run.objects.select_related("message").get(id=run_id)
        return run.state, run.error, run.message.text


def numbers_of(context: TenantContext, run_id: uuid.UUID) -> tuple[int, ...]:
    """The numbers of what its answer may cite."""
    with use_tenant(context):
        rows = Citation.objects.filter(message__runs__id=run_id).order_by("number")
        return tuple(rows.values_list("number", flat=True))


def in_language(language: str, ask: Callable[[], Answer]) -> Answer:
    """What `ask` returns or raises, in the reader's language."""
    with override(language):
        return ask()


def said_in(language: str, sentence: object) -> str:
    """A lazy sentence in the reader's language."""
    with override(language):
        return str(sentence)
