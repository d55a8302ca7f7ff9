"""Writing, looking, publishing: what the pages of policies, values and the brand have in common.

A form is posted with `do`: `preview` shows what it would change, `edit` shows it again, `publish`
publishes. Nothing that was typed is lost on the way, and nothing of it is kept here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from companions.forms.refusing import Refusing
from humana.kernel.errors import HumanaError, StaleVersion
from tenants.views import MemberRequest

#: What a form sends besides what was typed.
_OURS = ("csrfmiddlewaretoken", "do")


@dataclass(frozen=True)
class Work:
    """What is written here: its `form` on `template`, its two services, and what is in force `now`.

    `context` is for both pages; `to` is where one arrives when it is published, told that it is `done`.
    What is not looked at before it is published has no `preview`.
    """

    form: Refusing
    template: str
    preview: Callable[..., object] | None
    publish: Callable[..., Any]
    now: Callable[[], int]
    done: str
    to: str
    context: dict[str, Any] = field(default_factory=dict)
    looked: str = "companions/preview.html"


def step(request: MemberRequest, work: Work) -> HttpResponse:
    """Preview, publish, or the form: a refused one says what to change, with what was typed."""
    do = request.POST.get("do", "")
    judged = do == "publish" or (do == "preview" and work.preview is not None)
    if judged and work.form.is_valid():
        try:
            return _publish(request, work) if do == "publish" else _preview(request, work)
        except HumanaError as refusal:
            if refusal.status == 403 or (refusal.status == 404 and not refusal.field):
                raise
            work.form.refuse(refusal)
    return _form(request, work, judged=judged)


def _publish(request: MemberRequest, work: Work) -> HttpResponse:
    work.publish(**work.form.draft(), version=work.form.version)
    messages.success(request, work.done)
    return redirect(work.to, slug=request.visitor.member.organization.slug)


def _preview(request: MemberRequest, work: Work) -> HttpResponse:
    if work.form.version not in (None, work.now()):
        raise StaleVersion("somebody was quicker")
    sent = [(name, one) for name, ones in request.POST.lists() if name not in _OURS for one in ones]
    told = work.preview(**work.form.draft()) if work.preview else None
    return render(request, work.looked, work.context | {"preview": told, "sent": sent})


def _form(request: MemberRequest, work: Work, *, judged: bool) -> HttpResponse:
    """Where somebody was quicker, the next look compares with what is in force by then."""
    if not judged and work.form.is_bound:
        work.form.unjudged()
    if work.form.stale:
        work.form.begin_anew(work.now())
    status = 412 if work.form.stale else 422 if judged else 200
    return render(request, work.template, work.context | {"form": work.form}, status=status)
