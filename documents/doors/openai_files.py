"""/v1/files in OpenAI's protocol: documents of the person whose key it is.

    POST /v1/files                     multipart: file, purpose
    GET  /v1/files, /v1/files/{id}     GET /v1/files/{id}/content     DELETE /v1/files/{id}

An id is `file-` and the document's. A file that is deleted goes to the trash.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt

from byoc.uploads import refuse_too_large
from documents.access import access_document
from documents.listing import Row, with_files
from documents.models import DocumentFile
from documents.permissions import READ, WRITE
from documents.problems import problem_words
from documents.queries import files_sent_by
from documents.services import files
from documents.store import store_of
from humana.kernel.actor import acting_as, current_actor
from humana.kernel.errors import HumanaError, Invalid, NotFound, Unauthenticated, Unavailable
from tenants.context import current_tenant, use_tenant
from tenants.doors import Visitor, bearer, by_key, require_of
from tenants.places import gather, within

View = Callable[..., HttpResponse]
#: What files may be for here; the protocol has more.
PURPOSES = ("user_data", "assistants")
MOST, USUAL = 100, 20
_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}
_STATUS = {DocumentFile.State.READY: "processed", DocumentFile.State.FAILED: "error"}


def _door(**views: View) -> View:
    """One address: a view for each method, in the organization of the key."""

    @csrf_exempt
    @wraps(views["GET"])
    def answer(request: HttpRequest, **named: Any) -> HttpResponse:
        try:
            visitor = _visitor(request)
            with use_tenant(visitor.context), acting_as(visitor.actor):
                view = views.get(request.method or "")
                if view is None:
                    raise NotFound(
                        f"Unknown route: {request.method} {request.path[:120]}", code="unknown_url"
                    )
                return view(request, visitor, **named)
        except HumanaError as error:
            return _refusal(request, error)

    return answer


def _visitor(request: HttpRequest) -> Visitor:
    token = bearer(request.headers.get("Authorization", ""))
    if token is None:
        raise Unauthenticated("Send an API key: Authorization: Bearer hk_…")
    return by_key(token=token, seen_as=current_actor())


def _create(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    require_of(visitor, WRITE.name)
    refuse_too_large(request)
    file, purpose = request.FILES.get("file"), request.POST.get("purpose", "")
    if file is None:
        raise Invalid("Send a file as multipart/form-data.", field="file", code="missing_required_parameter")
    if purpose not in PURPOSES:
        raise Invalid(f"Purposes here are: {', '.join(PURPOSES)}.", field="purpose", code="invalid_value")
    if unknown := set(request.POST) - {"purpose"}:
        raise Invalid("This is not supported here.", field=min(unknown)[:80], code="unsupported_parameter")
    card = files.receive(member=visitor.member, content=file, name=str(file.name), purpose=purpose)
    return JsonResponse(_object(with_files([card])[0]))


def _list(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    require_of(visitor, READ.name)
    order, limit = _order(request.GET), _limit(request.GET)
    after = _id(request.GET["after"]) if "after" in request.GET else None
    gathered = gather(lambda: _some(visitor, request.GET.get("purpose"), order, after, limit))
    rows = sorted(gathered.found, key=lambda row: row[0].id, reverse=order == "desc")
    page = [_object(row) for row in rows[:limit]]
    ends = {"first_id": page[0]["id"], "last_id": page[-1]["id"]} if page else {}
    return JsonResponse({"object": "list", "data": page, "has_more": len(rows) > limit, **ends})


def _some(
    visitor: Visitor, purpose: str | None, order: str, after: uuid.UUID | None, limit: int
) -> list[Row]:
    """One more than asked for, of the placement we are in; what is in the trash is passed over."""
    way = "-document_id" if order == "desc" else "document_id"
    rows = files_sent_by(visitor.member).order_by(way)
    rows = rows.filter(purpose=purpose) if purpose else rows
    found: list[Row] = []
    while len(found) <= limit:
        beyond = {} if after is None else {f"document_id__{'lt' if order == 'desc' else 'gt'}": after}
        some = list(rows.filter(**beyond)[:MOST])
        if not some:
            break
        after = some[-1].document_id
        found += [row for row in _with_cards(some) if row[0].owner_id == visitor.member.user_id]
    return found[: limit + 1]


def _with_cards(some: list[DocumentFile]) -> list[Row]:
    cards = {one.id: one for one in store_of(current_tenant()).cards([row.document_id for row in some])}
    return [(cards[row.document_id], row) for row in some if row.document_id in cards]


def _read(request: HttpRequest, visitor: Visitor, file_id: str) -> HttpResponse:
    require_of(visitor, READ.name)
    document_id = _id(file_id)
    with within("document_id", document_id):
        return JsonResponse(_object(_row(visitor, document_id)))


def _content(request: HttpRequest, visitor: Visitor, file_id: str) -> HttpResponse:
    require_of(visitor, READ.name)
    document_id = _id(file_id)
    with within("document_id", document_id):
        _row(visitor, document_id)
        return HttpResponseRedirect(files.link_to(member=visitor.member, document_id=document_id))


def _delete(request: HttpRequest, visitor: Visitor, file_id: str) -> HttpResponse:
    require_of(visitor, WRITE.name)
    document_id = _id(file_id)
    with within("document_id", document_id):
        _row(visitor, document_id)
        files.trash(member=visitor.member, document_id=document_id)
    return JsonResponse({"id": f"file-{document_id.hex}", "object": "file", "deleted": True})


def _row(visitor: Visitor, document_id: uuid.UUID) -> Row:
    """A document with its file; a note is none to this protocol."""
    try:
        row = with_files([access_document(member=visitor.member, document_id=document_id)])[0]
    except NotFound:
        raise _missing() from None
    if row[1] is None:
        raise _missing()
    return row


def _object(row: Row) -> dict[str, Any]:
    card, file = row
    if file is None:
        raise _missing()
    return {
        "id": f"file-{card.id.hex}",
        "object": "file",
        "bytes": file.size,
        "created_at": int(card.created_at.timestamp()),
        "filename": card.name,
        "purpose": file.purpose or PURPOSES[0],
        "status": _STATUS.get(DocumentFile.State(file.state), "uploaded"),
        "status_details": problem_words(file.problem) or None,
    }


def _id(told: str) -> uuid.UUID:
    try:
        return uuid.UUID(told.removeprefix("file-"))
    except ValueError:
        raise _missing() from None


def _order(asked: QueryDict) -> str:
    order = asked.get("order", "desc")
    if order not in ("asc", "desc"):
        raise Invalid("Send asc or desc.", field="order", code="invalid_value")
    return order


def _limit(asked: QueryDict) -> int:
    """The protocol's limit goes further than a page of ours, which is what a larger one gives."""
    told = asked.get("limit", str(USUAL))
    if not (told.isascii() and told.isdigit() and 1 <= len(told) <= 5 and int(told)):
        raise Invalid("Send a number from 1 to 10000.", field="limit", code="invalid_value")
    return min(int(told), MOST)


def _missing() -> NotFound:
    return NotFound("No such File object.", code="file_not_found")


def _refusal(request: HttpRequest, error: HumanaError) -> HttpResponse:
    status = 400 if isinstance(error, Invalid) and error.status == 422 else error.status
    told = {
        "message": str(error),
        "type": _TYPES.get(status, "invalid_request_error" if status < 500 else "server_error"),
        "param": error.field,
        "code": error.code,
        "id": getattr(request, "id", ""),
    }
    response = JsonResponse({"error": told}, status=status)
    if isinstance(error, Unauthenticated):
        response["WWW-Authenticate"] = "Bearer"
    if isinstance(error, Unavailable):
        response["Retry-After"] = str(error.retry_after)
    return response


urlpatterns: list[URLPattern] = [
    path("v1/files", _door(GET=_list, POST=_create), name="openai-files"),
    path("v1/files/<str:file_id>", _door(GET=_read, DELETE=_delete), name="openai-file"),
    path("v1/files/<str:file_id>/content", _door(GET=_content), name="openai-file-content"),
]
