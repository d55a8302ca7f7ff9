"""What every request passes: an id, a language, a content policy, and one way to say an error."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Callable

from allauth.core.exceptions import ImmediateHttpResponse, ReauthenticationRequired
from csp.middleware import CSPMiddleware
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language_from_request

from humana.failures import answer_failure
from humana.kernel.actor import Actor, acting_as
from humana.kernel.errors import HumanaError, Unavailable
from tenants.context import peek_tenant
from tenants.db.refusals import refusal

log = logging.getLogger(__name__)
Answer = Callable[[HttpRequest], HttpResponse]
_GIVEN_ID = re.compile(r"^[A-Za-z0-9._-]{8,64}\Z")


class RequestIdMiddleware:
    """An id to quote, in the answer, the log and the trail; a well-formed one from a proxy is kept."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        reference = given if _GIVEN_ID.match(given) else uuid.uuid4().hex
        request.id = reference  # type: ignore[attr-defined]
        agent = request.headers.get("User-Agent", "")[:256]
        actor = Actor(
            kind="visitor", label="", address=client_address(request), agent=agent, request_id=reference
        )
        with acting_as(actor):
            response = self.get_response(request)
        response["X-Request-ID"] = reference
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "private, no-store"
        return response


def client_address(request: HttpRequest) -> str:
    """The client as the outermost trusted proxy saw it; a header alone is never believed."""
    peer: str = request.META.get("REMOTE_ADDR", "")
    hops = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    trusted = settings.HUMANA_TRUSTED_PROXIES
    return hops[-trusted] if trusted and len(hops) >= trusted else peer


class LanguageMiddleware:
    """Language: the person's own, then the cookie, then Accept-Language. Never in an address."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = getattr(request.user, "language", "") or get_language_from_request(request)
        request.LANGUAGE_CODE = chosen
        with translation.override(chosen), timezone.override(_zone(request)):
            response = self.get_response(request)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        response.headers.setdefault("Content-Language", chosen)
        return response


def _zone(request: HttpRequest) -> str:
    return getattr(request.user, "time_zone", "") or settings.TIME_ZONE


class ContentPolicyMiddleware(CSPMiddleware):
    """The pages' policy everywhere, the admin's own under /admin/."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if request.path_info.startswith("/admin/"):
            response._csp_replace = settings.HUMANA_ADMIN_POLICY  # type: ignore[attr-defined]
        return super().process_response(request, response)


class CompressionMiddleware(GZipMiddleware):
    """Pages travel small: a long chat weighs a tenth. What else there is goes as it is: files are packed
    already, and a program's answer may carry a tag of its exact bytes. Django adds a random length to each,
    so that nobody learns from the size what is in it.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        if not is_page or response.streaming:
            return response
        packed: HttpResponseBase = super().process_response(request, response)
        return packed


class ErrorMiddleware:
    """Every failure, foreseen or not, in the shape of the door it came through, with an id."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            return self.get_response(request)
        except HumanaError as error:
            return answer_failure(request, error)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, HumanaError | PermissionDenied | Http404):
            return answer_failure(request, error)
        if isinstance(error, ImmediateHttpResponse | ReauthenticationRequired):
            return None  # allauth's own middleware answers those
        log.error("request failed", exc_info=error, extra={"path": request.path_info})
        return answer_failure(request, _of_their_own(error) or error)


def _of_their_own(error: Exception) -> Unavailable | None:
    """A database of the organization's own that cannot be worked with: everybody else works on."""
    tenant = peek_tenant()
    return refusal(error, tenant.placement.alias) if tenant is not None else None
