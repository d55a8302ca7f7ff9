"""Google's session on the guarded pools: the storage by one way, tokens by another."""

from __future__ import annotations

from typing import Any

from google.auth.transport.requests import AuthorizedSession, Request

from byoc.adapters.storage.google_keys import TOKEN_URL
from byoc.adapters.storage.wire import StorageOptions, session_to, way_to
from humana.kernel.egress import Guard
from humana.kernel.egress.sessions import guarded_session


def guarded_google_session(credentials: Any, url: str, guard: Guard, options: StorageOptions) -> Any:
    """Signs what it sends. It speaks with the origin of `url`, and for tokens with Google's own."""
    tokens = Request(session_to(TOKEN_URL, guard, options))
    make: Any = AuthorizedSession
    session = make(credentials, auth_request=tokens, max_refresh_attempts=1)
    return guarded_session(session, way_to(url, guard, options))
