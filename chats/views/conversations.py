"""Pages of chats. Each view: who, what, one service call, one answer."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages as notices
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRedirect

from byoc import gateway
from chats.attached import drafted, named_ids
from chats.models import Chat
from chats.permissions import READ, WRITE
from chats.queries import access_chat, access_message, access_run, draft_of, recent_chats
from chats.services import consents, conversations, drafts, explain, replies, votes
from chats.services.exporting import export_chat
from chats.shown import EveryChat, near_by, put_forward, shown_message, shown_page
from chats.tuning import may_choose, wished
from chats.views.files import as_file
from chats.views.filing import chats_in_folder, folder_to_begin_in, folders_to_choose
from companions.choosing import offered_models, shown_model
from companions.correspondence import waiting_for
from companions.models import Companion
from companions.queries import access_companion_by_slug, companions_for, silent_companions
from documents.access import folder_for
from documents.sharing import waiting_shares
from humana.kernel.errors import HumanaError
from tenants.permissions import allowed, require
from tenants.views import MemberRequest

#: How many chats the home page lists, one page of the list of all, and whom one can turn to on the home page.
RECENT, PAGE, OFFERED = 6, 50, 20
#: Ways to keep a chat as a file.
EXPORTS = (("markdown", lazy("Export as Markdown")), ("json", lazy("Export as JSON")))


@require_GET
def organization_home(request: MemberRequest, slug: str) -> HttpResponse:
    """Context: `companions`, `recent` chats, `model` (ModelCard of the default model), `may_write`,
    `waiting` (handoffs), `received` (what was shared and not opened yet); whom one writes to right here:
    `asked`, one of `near`, with its `asked_model`.
    """
    member = request.visitor.member
    require(member, READ.name)
    model = gateway.shown()
    everybody, recent = put_forward(companions_for(member=member), model), recent_chats(member, stop=RECENT)
    near = near_by(everybody, recent.found, wanted=request.GET.get("with", ""))
    context = {
        "companions": everybody,
        "near": sorted(near[:OFFERED], key=lambda one: one.name.casefold()),
        "asked": near[0] if near else None,
        "asked_model": shown_model(near[0]) if near else None,
        "recent": recent.found,
        "model": model,
        "may_write": allowed(member, WRITE.name),
        "waiting": waiting_for(member),
        "received": waiting_shares(member),
    }
    return render(request, "chats/home.html", context)


@require_GET
def chats(request: MemberRequest, slug: str) -> HttpResponse:
    """Context: `chats` (one page of them, the latest first), `archived`, `silent` companions; with `?folder=`
    the `folder` they are in, and the `folders` to choose from.
    """
    member = request.visitor.member
    require(member, READ.name)
    archived = request.GET.get("archived") == "1"
    if request.GET.get("folder"):
        return chats_in_folder(request, archived=archived)
    rows = EveryChat(member, archived=archived)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {"chats": page, "archived": archived, "silent": silent_companions(rows.silent)}
    context["folders"] = folders_to_choose(member)
    return render(request, "chats/list.html", context)


@require_GET
def listed(request: MemberRequest, slug: str, chat_id: uuid.UUID) -> HttpResponse:
    """Fragment: the sidebar's list and the title of this chat, as they are now. Context: `chat`."""
    member = request.visitor.member
    require(member, READ.name)
    return render(request, "chats/_listed.html", {"chat": access_chat(member=member, chat_id=chat_id)})


@require_POST
def start(request: MemberRequest, slug: str, companion_slug: str) -> HttpResponse:
    """Open a chat, in the folder that `folder` names; with a first question in `text` it is asked at once,
    with what is in `documents`.
    """
    member = request.visitor.member
    companion = access_companion_by_slug(member=member, slug=companion_slug)
    if not {"text", "documents"} & request.POST.keys():
        folder = folder_to_begin_in(request, companion)
        chat = conversations.blank_chat(member=member, companion=companion, folder=folder)
        return redirect("chat", slug=slug, chat_id=chat.id)
    text, documents = request.POST.get("text", ""), named_ids(request.POST.getlist("documents"))
    try:
        run = replies.begin(member=member, companion=companion, text=text, document_ids=documents)
    except HumanaError as refusal:
        return _not_begun(request, companion, refusal)
    address = reverse("chat", args=[slug, run.chat_id])
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponseClientRedirect(address)
    return redirect(address)


def _not_begun(request: MemberRequest, companion: Companion, refusal: HumanaError) -> HttpResponse:
    """A script still has what was written; without one it is kept as a draft, with the reason above it. What
    a companion offers to be asked is nobody's draft.
    """
    text = request.POST.get("text", "")
    if request.htmx or refusal.status >= 500 or text in companion.starters:  # type: ignore[attr-defined]
        raise refusal
    documents = named_ids(request.POST.getlist("documents"))
    drafts.keep_unsent(
        member=request.visitor.member, place_id=companion.id, text=text, document_ids=documents
    )
    notices.error(request, str(refusal.message))
    return redirect("companion", slug=request.visitor.context.slug, companion_slug=companion.slug)


@require_GET
def chat(request: MemberRequest, slug: str, chat_id: uuid.UUID) -> HttpResponse:
    """The end of it, or what stands before `?before=` or around `?at=`, which name messages.

    Context: `chat`, `thread` (list of Shown), `earlier`, `later`, `draft` and what is `attached` to it,
    `model`, `models` to choose from, `chosen`, `exports`, `may_write`, `limit`, and the `folder` it is in.
    """
    member = request.visitor.member
    require(member, READ.name)
    found = access_chat(member=member, chat_id=chat_id)
    context = _chat_context(request, found, before=_id(request, "before"), at=_id(request, "at"))
    context |= _model_context(request, found) | {"exports": EXPORTS}
    context["folder"] = folder_for(member, found.folder_id) if found.folder_id else None
    return render(request, "chats/chat.html", context)


@require_GET
def earlier(request: MemberRequest, slug: str, chat_id: uuid.UUID) -> HttpResponse:
    """Fragment: the messages that stand before `?before=`. Context as that of `chat`."""
    member = request.visitor.member
    require(member, READ.name)
    found = access_chat(member=member, chat_id=chat_id)
    return render(
        request, "chats/_earlier.html", _chat_context(request, found, before=_id(request, "before"))
    )


@require_GET
def now(request: MemberRequest, slug: str, chat_id: uuid.UUID) -> HttpResponse:
    """Fragment: the messages as they are now; 204 where the conversation still ends with `?leaf=`."""
    member = request.visitor.member
    require(member, READ.name)
    found = access_chat(member=member, chat_id=chat_id)
    if found.leaf_id == _id(request, "leaf"):
        return HttpResponse(status=204, headers={"HX-Reswap": "none"})
    return render(request, "chats/_asked.html", _chat_context(request, found))


def _id(request: MemberRequest, name: str) -> uuid.UUID | None:
    """What an address asks for; nothing where it is no id."""
    try:
        return uuid.UUID(request.GET.get(name, ""))
    except ValueError:
        return None


def _chat_context(request: MemberRequest, found: Chat, **place: uuid.UUID | None) -> dict[str, Any]:
    member = request.visitor.member
    page = shown_page(member=member, chat=found, **place)
    return {
        "chat": found,
        "thread": page.shown,
        "earlier": page.earlier,
        "later": page.later,
        "draft": draft_of(member=member, place_id=found.id),
        "attached": drafted(member, found.id),
        "model": shown_model(found.companion, wished(found.companion, found.model)),
        "may_write": allowed(member, WRITE.name),
        "limit": conversations.message_limit(),
    }


def _model_context(request: MemberRequest, found: Chat) -> dict[str, Any]:
    """What may answer here; empty where there is no choice."""
    may = allowed(request.visitor.member, WRITE.name) and may_choose(found.companion)
    models = offered_models(found.companion.team_id) if may else []
    return {"models": models if len(models) > 1 else [], "chosen": wished(found.companion, found.model)}


@require_POST
def ask(request: MemberRequest, slug: str, chat_id: uuid.UUID) -> HttpResponse:
    """Save the question and show it with its answer to come (htmx), or go back to the chat."""
    member = request.visitor.member
    found = access_chat(member=member, chat_id=chat_id)
    documents = named_ids(request.POST.getlist("documents"))
    replies.ask(member=member, chat=found, text=request.POST.get("text", ""), document_ids=documents)
    return _thread_or_chat(request, found)


@require_POST
def regenerate(request: MemberRequest, slug: str, message_id: uuid.UUID) -> HttpResponse:
    member = request.visitor.member
    found = access_message(member=member, message_id=message_id)
    replies.regenerate(member=member, message=found)
    return _thread_or_chat(request, found.chat)


@require_POST
def edit(request: MemberRequest, slug: str, message_id: uuid.UUID) -> HttpResponse:
    member = request.visitor.member
    found = access_message(member=member, message_id=message_id)
    replies.edit(member=member, message=found, text=request.POST.get("text", ""))
    return _thread_or_chat(request, found.chat)


@require_POST
def go_on(request: MemberRequest, slug: str, message_id: uuid.UUID) -> HttpResponse:
    """The rest of an answer that broke off."""
    member = request.visitor.member
    found = access_message(member=member, message_id=message_id)
    replies.go_on(member=member, message=found)
    return _thread_or_chat(request, found.chat)


@require_POST
def branch(request: MemberRequest, slug: str, message_id: uuid.UUID) -> HttpResponse:
    """Show another version of a message and what followed it."""
    member = request.visitor.member
    found = access_message(member=member, message_id=message_id)
    conversations.choose_branch(member=member, message=found)
    return _thread_or_chat(request, found.chat)


def _thread_or_chat(request: MemberRequest, found: Chat) -> HttpResponse:
    """The messages alone for htmx, the whole page otherwise."""
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("chat", slug=request.visitor.context.slug, chat_id=found.id)
    found.refresh_from_db(fields=["leaf_id", "title"])
    return render(request, "chats/_asked.html", _chat_context(request, found))


@require_GET
def message(request: MemberRequest, slug: str, message_id: uuid.UUID) -> HttpResponse:
    """One message as it stands now. Context: `shown`, `chat`."""
    member = request.visitor.member
    require(member, READ.name)
    found = access_message(member=member, message_id=message_id)
    return _message(request, found)


@require_POST
def vote(request: MemberRequest, slug: str, message_id: uuid.UUID) -> HttpResponse:
    """`choice` is up, down, or empty to withdraw."""
    member = request.visitor.member
    found = access_message(member=member, message_id=message_id)
    choice = request.POST.get("choice", "")
    if choice:
        votes.vote(member=member, message=found, up=choice == "up")
    else:
        votes.withdraw_vote(member=member, message=found)
    return _message(request, found)


@require_POST
def stop(request: MemberRequest, slug: str, run_id: uuid.UUID) -> HttpResponse:
    member = request.visitor.member
    run = replies.stop(member=member, run=access_run(member=member, run_id=run_id))
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponse(status=204)
    return redirect("chat", slug=slug, chat_id=run.chat_id)


@require_POST
def answer_call(request: MemberRequest, slug: str, run_id: uuid.UUID) -> HttpResponse:
    """A tool asked first: `call` says which use of it, `choice` is allow, or anything else to decline."""
    member = request.visitor.member
    run = access_run(member=member, run_id=run_id)
    call, allow = request.POST.get("call", ""), request.POST.get("choice") == "allow"
    consents.decide_on_call(member=member, run=run, call=call, allow=allow)
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponse(status=204)
    return redirect("chat", slug=slug, chat_id=run.chat_id)


def _message(request: MemberRequest, found: Any) -> HttpResponse:
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("chat", slug=request.visitor.context.slug, chat_id=found.chat_id)
    member = request.visitor.member
    context = {
        "shown": shown_message(member=member, message=found),
        "chat": found.chat,
        "may_write": allowed(member, WRITE.name),
    }
    return render(request, "chats/_message.html", context)


@require_GET
def why(request: MemberRequest, slug: str, message_id: uuid.UUID) -> HttpResponse:
    """Context: `explanation`, `message`."""
    member = request.visitor.member
    found = access_message(member=member, message_id=message_id)
    context = {"explanation": explain.why(member=member, message=found), "message": found}
    return render(request, "chats/_why.html", context)


@require_GET
def events(request: HttpRequest, slug: str, run_id: uuid.UUID) -> HttpResponse:
    """Only names the route: the asynchronous door answers it before Django is asked."""
    return HttpResponseNotFound()


@require_POST
def choose_model(request: MemberRequest, slug: str, chat_id: uuid.UUID) -> HttpResponse:
    """`model` is the name of an endpoint; empty for the companion's own."""
    member = request.visitor.member
    found = access_chat(member=member, chat_id=chat_id)
    conversations.choose_model(member=member, chat=found, model=request.POST.get("model", ""))
    return redirect("chat", slug=slug, chat_id=chat_id)


@require_POST
def export(request: MemberRequest, slug: str, chat_id: uuid.UUID) -> HttpResponse:
    """A file to keep; `form` is markdown or json."""
    member = request.visitor.member
    found = access_chat(member=member, chat_id=chat_id)
    return as_file(export_chat(member=member, chat=found, form=request.POST.get("form", "")))


@require_POST
def save_draft(request: MemberRequest, slug: str, place_id: uuid.UUID) -> HttpResponse:
    drafts.save_draft(member=request.visitor.member, place_id=place_id, text=request.POST.get("text", ""))
    return HttpResponse(status=204)
