"""Signing in at the service of a server of tools: shown first, then the browser goes there and comes back.

What is under way is kept in the browser's session, sealed, one sign-in at a time.
"""

from __future__ import annotations

import uuid
from urllib.parse import urlsplit

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from companions.models import McpServer
from companions.services.tool_sign_in import OTHER, Begun, begin_sign_in, begun, finish_sign_in, sign_out
from companions.toolbox.words import harmless
from companions.tools import access_server
from companions.views.tools import looked_at, page, say
from humana.kernel.errors import HumanaError
from tenants.views import MemberRequest

#: Where the session keeps what is under way: session key.
UNDER_WAY = "tools_sign_in"


@require_http_methods(["GET", "POST"])
def sign_in(request: MemberRequest, slug: str, tool_server_id: uuid.UUID) -> HttpResponse:
    """Posted, the service is found; then it is shown before anybody goes: `host`, `scopes`, `server`."""
    row = access_server(member=request.visitor.member, server_id=tool_server_id)
    if request.method == "GET":
        return _asking(request, row)
    back = request.build_absolute_uri(reverse("tool-signed-in", args=[slug, row.id]))
    try:
        kept = begin_sign_in(member=request.visitor.member, server_id=row.id, back=back)
    except HumanaError as refusal:
        return _refused(request, row, refusal)
    request.session[UNDER_WAY] = kept
    return HttpResponseRedirect(reverse("tool-sign-in", args=[slug, row.id]))


@require_GET
def go(request: MemberRequest, slug: str, tool_server_id: uuid.UUID) -> HttpResponse:
    """The browser goes to the service's page; a link, for a form may not lead out."""
    row = access_server(member=request.visitor.member, server_id=tool_server_id)
    try:
        found = _under_way(request, row)
    except HumanaError as refusal:
        return _refused(request, row, refusal)
    return HttpResponseRedirect(found.page)


@require_GET
def back(request: MemberRequest, slug: str, tool_server_id: uuid.UUID) -> HttpResponse:
    """The browser is back, with a code or a refusal; the server is asked at once what it offers."""
    member = request.visitor.member
    row = access_server(member=member, server_id=tool_server_id)
    sealed = request.session.get(UNDER_WAY, "")
    try:
        finish_sign_in(member=member, server_id=row.id, sealed=sealed, answer=request.GET.dict())
    except HumanaError as refusal:
        if refusal.code != OTHER:
            request.session.pop(UNDER_WAY, None)
        return _refused(request, row, refusal)
    request.session.pop(UNDER_WAY, None)
    return looked_at(request, row)


@require_POST
def out(request: MemberRequest, slug: str, tool_server_id: uuid.UUID) -> HttpResponse:
    row = access_server(member=request.visitor.member, server_id=tool_server_id)
    try:
        told = sign_out(member=request.visitor.member, server_id=row.id)
    except HumanaError as refusal:
        return _refused(request, row, refusal)
    if told:
        return say(request, row, _("Signed out. The service was told to forget it, too."))
    return say(
        request, row, _("Signed out here. The service was not told: end it there as well, if it matters.")
    )


def _asking(request: MemberRequest, row: McpServer) -> HttpResponse:
    try:
        found = _under_way(request, row)
    except HumanaError as refusal:
        return _refused(request, row, refusal)
    scopes = [harmless(one)[:200] for one in found.service.scope.split()]
    context = {"server": row, "host": urlsplit(found.page).netloc, "scopes": scopes[:50]}
    return page(request, "tool_sign_in", context)


def _under_way(request: MemberRequest, row: McpServer) -> Begun:
    return begun(member=request.visitor.member, row=row, sealed=request.session.get(UNDER_WAY, ""))


def _refused(request: MemberRequest, row: McpServer, refusal: HumanaError) -> HttpResponse:
    """Said on the server's page."""
    if refusal.status in (403, 404):
        raise refusal
    return say(request, row, str(refusal.message), ok=False)
