"""A form that says what a service refused, with everything that was typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from humana.kernel.errors import HumanaError, StaleVersion


class SettingsForm(forms.Form):
    """`seen` is the version the person began with, so that nobody's change is written over unseen."""

    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)
    #: Somebody else saved meanwhile: the page says so above the form.
    stale = False

    def draft(self) -> dict[str, Any]:
        """What the service takes; of a form that is valid."""
        return {name: one for name, one in self.cleaned_data.items() if name != "seen"}

    @property
    def version(self) -> int | None:
        found: int | None = self.cleaned_data.get("seen")
        return found

    def refuse(self, refusal: HumanaError) -> None:
        self.stale = isinstance(refusal, StaleVersion)
        field = refusal.field if refusal.field in self.fields else None
        self.add_error(field, str(refusal.message))

    def begin_anew(self, version: int) -> None:
        """The same words, to be saved over what is there now once the person has seen that they would."""
        said: Any = self.data.copy()  # type: ignore[attr-defined]
        said["seen"] = str(version)
        self.data = said


def saved(
    request: HttpRequest, form: SettingsForm, save: Callable[[], object], done: str, to: str
) -> HttpResponse | None:
    """Save what was posted and go on to `to`; None where the form has to be shown again, saying why."""
    if not form.is_valid():
        return None
    try:
        save()
    except HumanaError as refusal:
        if refusal.status == 404 and not refusal.field:
            raise
        form.refuse(refusal)
        return None
    messages.success(request, done)
    return redirect(to)


def shown(
    request: HttpRequest, template: str, context: dict[str, Any], *forms_: SettingsForm
) -> HttpResponse:
    """The page: 422 where one of its forms was refused, 412 where somebody was quicker."""
    stale = any(one.stale for one in forms_)
    wrong = any(one.is_bound and one.errors for one in forms_)
    return render(request, template, context, status=412 if stale else 422 if wrong else 200)
