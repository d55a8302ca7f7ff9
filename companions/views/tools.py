"""Pages of servers of tools: the organization's for who decides on them, everybody's own for themselves."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from companions.config_keys import OWN_SERVERS
from companions.correspondence import companions_by_name
from companions.forms.tools import ToolServerForm
from companions.models import McpServer
from companions.permissions import OWN_TOOLS, READ, TOOLS
from companions.queries import access_companion
from companions.services.discovering import Discovery, discover
from companions.services.tool_rules import set_tool_rule
from companions.services.tool_secrets import names_kept
from companions.services.tool_servers import (
    change_server,
    connect_server,
    pause_server,
    remove_server,
    resume_server,
)
from companions.services.tool_sign_in_kept import shown
from companions.tool_words import look_words
from companions.tools import access_server, access_tool, servers_for, shown_tools
from humana.kernel.errors import HumanaError, Invalid, NotAllowed
from tenants.config.resolver import resolve
from tenants.models import Membership
from tenants.permissions import allowed, require
from tenants.views import MemberRequest

#: Where a page keeps the sentence that the next one says: session key.
SAID = "tools_said"


@require_GET
def tools(request: MemberRequest, slug: str) -> HttpResponse:
    """Context: `servers` of the organization and the member's `own`, what they `may` connect."""
    member = request.visitor.member
    require(member, READ.name)
    rows = list(servers_for(member))
    context = {
        "servers": [one for one in rows if one.member_id is None],
        "own": [one for one in rows if one.member_id is not None],
        "decides": allowed(member, TOOLS.name),
        "may": _may(member),
    }
    return page(request, "tools", context)


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def connect(request: MemberRequest, slug: str) -> HttpResponse:
    """Kept, then asked at once; a form that is wrong is shown again. Context: `form`."""
    member = request.visitor.member
    may = _may(member)
    if not may:
        raise NotAllowed(_("You may not connect tools."), code="missing_permission")
    form = ToolServerForm(request.POST if request.method == "POST" else None, may=may)
    if form.is_bound and form.is_valid():
        try:
            row = connect_server(member=member, entry=form.entry())
        except HumanaError as refusal:
            _refuse(form, refusal)
        else:
            return looked_at(request, row)
    return page(request, "tool_server_form", {"form": form, "server": None})


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def change(request: MemberRequest, slug: str, tool_server_id: uuid.UUID) -> HttpResponse:
    """The same for one that is there. Context: `form`, `server`."""
    member = request.visitor.member
    row = access_server(member=member, server_id=tool_server_id)
    form = ToolServerForm(request.POST if request.method == "POST" else None, server=row)
    if form.is_bound and form.is_valid():
        try:
            row = change_server(member=member, server_id=row.id, changes=form.changes(), version=form.version)
        except HumanaError as refusal:
            _refuse(form, refusal)
        else:
            return looked_at(request, row)
    return page(request, "tool_server_form", {"form": form, "server": row})


@require_GET
def server(request: MemberRequest, slug: str, tool_server_id: uuid.UUID) -> HttpResponse:
    """Context: `server`, what is `kept` to open it, the `service` somebody signed in at,
    its `tools` with the companions that have each, and all `companions`."""
    row = access_server(member=request.visitor.member, server_id=tool_server_id)
    context = {
        "server": row,
        "kept": names_kept(row),
        "service": shown(row),
        "tools": shown_tools(row),
        "companions": companions_by_name(),
    }
    return page(request, "tool_server", context)


@require_POST
def ask(request: MemberRequest, slug: str, tool_server_id: uuid.UUID) -> HttpResponse:
    """Ask it what it offers, which takes seconds where it does not answer."""
    return looked_at(request, access_server(member=request.visitor.member, server_id=tool_server_id))


@require_POST
def pause(request: MemberRequest, slug: str, tool_server_id: uuid.UUID) -> HttpResponse:
    return _act(
        request, tool_server_id, pause_server, _("“%(name)s” is paused: nobody is offered its tools.")
    )


@require_POST
def resume(request: MemberRequest, slug: str, tool_server_id: uuid.UUID) -> HttpResponse:
    return _act(request, tool_server_id, resume_server, _("“%(name)s” is in use again."))


@require_POST
def remove(request: MemberRequest, slug: str, tool_server_id: uuid.UUID) -> HttpResponse:
    done = _("“%(name)s” is removed, and how to sign in there is forgotten.")
    return _act(request, tool_server_id, remove_server, done, gone=True)


@require_POST
def allow(request: MemberRequest, slug: str, tool_server_id: uuid.UUID, tool_id: uuid.UUID) -> HttpResponse:
    """Let the companion that was chosen have the tool, or take it away with `allow=no`."""
    member = request.visitor.member
    row = access_server(member=member, server_id=tool_server_id)
    tool = access_tool(member=member, tool_id=tool_id)
    companion = access_companion(member=member, companion_id=_chosen(request))
    wanted = request.POST.get("allow") == "yes"
    try:
        set_tool_rule(
            member=member, companion_id=companion.id, tool_id=tool.id, allow=wanted,
            confirm=request.POST.get("confirm") == "on", seen=request.POST.get("seen"),
        )  # fmt: skip
    except HumanaError as refusal:
        if refusal.status in (403, 404):
            raise
        return say(request, row, str(refusal.message), ok=False)
    done = (
        _("%(companion)s may use %(tool)s.") if wanted else _("%(companion)s does not use %(tool)s any more.")
    )
    return say(request, row, done % {"companion": companion.name, "tool": tool.name})


def _act(
    request: MemberRequest,
    server_id: uuid.UUID,
    service: Callable[..., Any],
    done: str,
    *,
    gone: bool = False,
) -> HttpResponse:
    """One service on one server; what it refuses is said on the server's page."""
    row = access_server(member=request.visitor.member, server_id=server_id)
    try:
        service(member=request.visitor.member, server_id=row.id)
    except HumanaError as refusal:
        if refusal.status in (403, 404):
            raise
        return say(request, row, str(refusal.message), ok=False)
    return say(request, row, done % {"name": row.name}, gone=gone)


def looked_at(request: MemberRequest, row: McpServer) -> HttpResponse:
    found = discover(member=request.visitor.member, server_id=row.id)
    return say(request, row, _told_of(found), ok=found.ok)


def _told_of(found: Discovery) -> str:
    if not found.ok:
        return found.message
    return look_words(found.offered, found.refused, found.changed)


def _may(member: Membership) -> tuple[str, ...]:
    """Whose servers the member may connect, as the form has it: the organization's, their own."""
    own = allowed(member, OWN_TOOLS.name) and resolve(OWN_SERVERS)
    return (("no",) if allowed(member, TOOLS.name) else ()) + (("yes",) if own else ())


def _refuse(form: ToolServerForm, refusal: HumanaError) -> None:
    if refusal.status in (403, 404):
        raise refusal
    if refusal.field == "headers":
        refusal.field = "header"
    if refusal.code == "forbidden" and refusal.field is None:  # of the way out: about the address
        refusal.field = "url"
    form.refuse(refusal)


def _chosen(request: MemberRequest) -> uuid.UUID:
    try:
        return uuid.UUID(request.POST.get("companion", ""))
    except ValueError:
        raise Invalid(_("Choose one of what is offered."), field="companion") from None


def say(
    request: MemberRequest, row: McpServer, sentence: str, *, ok: bool = True, gone: bool = False
) -> HttpResponse:
    request.session[SAID] = {"ok": ok, "sentence": sentence}
    slug = request.visitor.member.organization.slug
    return redirect("tools", slug=slug) if gone else redirect("tool-server", slug=slug, tool_server_id=row.id)


def page(request: MemberRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    context["said"] = request.session.pop(SAID, None) if request.method == "GET" else None
    return render(request, f"companions/{name}.html", context)
