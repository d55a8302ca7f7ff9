"""Files that people send from a page: what is kept, how far it is read, and once more where that failed."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from byoc.uploads import MOST_AT_ONCE, refuse_too_large
from documents.access import access_document, access_folder
from documents.models import DocumentFile, Folder
from documents.permissions import READ, WRITE
from documents.problems import problem_words
from documents.services import files
from documents.store import Card
from humana.kernel.errors import HumanaError, Invalid
from tenants.permissions import require
from tenants.places import within
from tenants.views import MemberRequest

#: The field with the files; a script sends one of them with each request.
FIELD = "files"
#: What a form may name to say where its files are meant: they are kept in the placement where that is.
PLACED_BY = ("folder_id", "chat_id", "companion_id")


@require_POST
def upload(request: MemberRequest, slug: str) -> HttpResponse:
    """A script is answered with the row of the one file it sent, a form with the page it came from."""
    require(request.visitor.member, WRITE.name)
    sent = _sent(request)
    with _placed(request) as folder:
        if _by_script(request):
            return _row(request, _keep(request, sent[0], folder), status=201)
        refused = [said for said in (_refusal(request, one, folder) for one in sent) if said]
    _say(request, len(sent) - len(refused), refused)
    return _back(request, slug)


@require_http_methods(["GET", "POST"])
def state(request: MemberRequest, slug: str, document_id: uuid.UUID) -> HttpResponse:
    """The row again, as it is now; asked for until the document is ready. POST has it read again."""
    member = request.visitor.member
    require(member, READ.name)
    card = access_document(member=member, document_id=document_id)
    if request.method == "POST":
        files.retry(member=member, document_id=document_id)
    return _row(request, card)


def _sent(request: MemberRequest) -> list[UploadedFile]:
    refuse_too_large(request)
    sent = request.FILES.getlist(FIELD)
    if not sent:
        raise Invalid(_("Choose a file first."), field=FIELD, code="missing")
    most = 1 if _by_script(request) else MOST_AT_ONCE
    if len(sent) > most:
        raise Invalid(_("At most %(limit)d files at once.") % {"limit": most}, field=FIELD, code="too_many")
    return sent


@contextmanager
def _placed(request: MemberRequest) -> Iterator[Folder | None]:
    """A block where the files are meant to be kept; the folder, if they are meant for one."""
    for name in PLACED_BY:
        if (value := _id(request.POST.get(name, ""), name)) is not None:
            with within(name, value):
                yield _folder(request, value) if name == "folder_id" else None
            return
    yield None


def _folder(request: MemberRequest, folder_id: uuid.UUID) -> Folder:
    return access_folder(member=request.visitor.member, folder_id=folder_id, right="write")


def _id(told: str, name: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(told) if told else None
    except ValueError:
        raise Invalid(_("Choose one of what is offered."), field=name, code="unknown") from None


def _keep(request: MemberRequest, file: UploadedFile, folder: Folder | None) -> Card:
    return files.receive(member=request.visitor.member, content=file, name=str(file.name), folder=folder)


def _refusal(request: MemberRequest, file: UploadedFile, folder: Folder | None) -> str:
    """Why one of several was refused; empty where it is kept."""
    try:
        _keep(request, file, folder)
    except HumanaError as refusal:
        return f"{file.name}: {refusal}"
    return ""


def _say(request: HttpRequest, kept: int, refused: list[str]) -> None:
    if kept:
        told = ngettext("%(number)d file is kept.", "%(number)d files are kept.", kept)
        messages.success(request, told % {"number": kept})
    for one in refused:
        messages.error(request, one)


def _back(request: MemberRequest, slug: str) -> HttpResponse:
    """To the page of ours that the form was on."""
    for address in (request.POST.get("back", ""), request.headers.get("Referer", "")):
        if url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure()):
            return redirect(address)
    return redirect(reverse("documents", args=[slug]))


def _by_script(request: HttpRequest) -> bool:
    return "HX-Request" in request.headers


def _row(request: MemberRequest, card: Card, *, status: int = 200) -> HttpResponse:
    file = files.states_of([card.id]).get(card.id)
    context = {
        "card": card,
        "file": file,
        "state": file.state if file else DocumentFile.State.READY,
        "live": file is not None and file.under_way,
        "says": problem_words(file.problem) if file else "",
    }
    return render(request, "components/upload_row.html", context, status=status)
