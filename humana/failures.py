"""One answer for every failure: what happened, what to do, an id to quote."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from humana.kernel.errors import HumanaError, TooMany, Unavailable


def answer_failure(request: HttpRequest, error: Exception) -> HttpResponse:
    """A page for people, the JSON envelope for programs."""
    status, code, message, field = describe(error)
    if request.path_info.startswith(("/api/", "/v1/")):
        response: HttpResponse = JsonResponse(
            envelope(request_id(request), code, message, field), status=status
        )
    else:
        response = _page(request, status, message)
    if isinstance(error, TooMany | Unavailable):
        response["Retry-After"] = str(error.retry_after)
    if status == 401:
        response["WWW-Authenticate"] = "Bearer"
    return response


def describe(error: Exception) -> tuple[int, str, str, str | None]:
    """Status, code, sentence, field. What we did not foresee says nothing of its inside."""
    if isinstance(error, HumanaError) and error.status < 500:
        return error.status, error.code, str(error.message), error.field
    if isinstance(error, HumanaError) and error.status in (502, 503):
        return error.status, error.code, str(error.message), None
    if isinstance(error, Http404):
        return 404, "not_found", _("There is nothing here."), None
    if isinstance(error, PermissionDenied):
        return 403, "not_allowed", _("You may not do this."), None
    if isinstance(error, SuspiciousOperation):
        return 400, "bad_request", _("The request could not be understood."), None
    return 500, "error", _("Something failed on our side. Try again; if it stays, quote the id below."), None


def envelope(reference: str, code: str, message: str, field: str | None = None) -> dict[str, object]:
    """The JSON error of /api/v1: `{"error": {"code", "message", "field"?, "id"}}`."""
    error: dict[str, object] = {"code": code, "message": message, "id": reference}
    if field:
        error["field"] = field
    return {"error": error}


def request_id(request: HttpRequest) -> str:
    return getattr(request, "id", "")


def _page(request: HttpRequest, status: int, message: str) -> HttpResponse:
    known = status if status in {400, 401, 403, 404, 409, 422, 429, 503} else 500
    context = {"status": status, "message": message, "reference": request_id(request)}
    return render(request, f"errors/{known}.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer_failure(request, SuspiciousOperation())


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer_failure(request, PermissionDenied())


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer_failure(request, Http404())


def server_error(request: HttpRequest) -> HttpResponse:
    return answer_failure(request, RuntimeError())
