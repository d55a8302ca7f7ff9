"""Every failure of the API in the one envelope."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from humana.failures import describe, envelope, request_id


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's own exceptions become ours; what nobody foresaw goes on to the error middleware."""
    set_rollback()
    reference = request_id(context["request"]._request)
    if isinstance(error, exceptions.ValidationError):
        field, message = _first(error.detail)
        return Response(envelope(reference, "invalid", message, field), status=422)
    if isinstance(error, exceptions.APIException):
        code = error.get_codes()
        body = envelope(reference, code if isinstance(code, str) else "invalid", str(error.detail))
        headers = {"Allow": ", ".join(context["view"].allowed_methods)} if error.status_code == 405 else None
        return Response(body, status=error.status_code, headers=headers)
    status, code, message, field = describe(error)
    if status == 500:
        return None
    return Response(envelope(reference, code, message, field), status=status, headers=_headers(status, error))


def _headers(status: int, error: Exception) -> dict[str, str] | None:
    if status == 401:
        return {"WWW-Authenticate": "Bearer"}
    if status in (429, 503):
        return {"Retry-After": str(getattr(error, "retry_after", 1))}
    return None


def _first(detail: Any, field: str | None = None) -> tuple[str | None, str]:
    """The first message and the dotted path to it."""
    if isinstance(detail, dict) and detail:
        name, inner = next(iter(detail.items()))
        path = field if name == "non_field_errors" else ".".join(filter(None, [field, str(name)]))
        return _first(inner, path)
    if isinstance(detail, list) and detail:
        return _first(next((one for one in detail if one), _("The input is not valid.")), field)
    return field, str(detail) if detail else _("The input is not valid.")
