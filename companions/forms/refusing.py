"""A form that says what a service refused, with everything that was typed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.utils import ErrorDict
from django.utils.translation import gettext_lazy as _

from humana.kernel.errors import HumanaError, StaleVersion


class Refusing(forms.Form):
    """`seen` is the version the person began with, so that nobody's change is written over unseen."""

    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)
    #: Somebody else published meanwhile: the page says so above the form.
    stale = False

    @property
    def version(self) -> int | None:
        found: int | None = self.cleaned_data.get("seen")
        return found

    def refuse(self, refusal: HumanaError) -> None:
        self.stale = isinstance(refusal, StaleVersion)
        if not self.stale:
            field = (refusal.field or "").partition(".")[2] or refusal.field
            self.add_error(field if field in self.fields else None, str(refusal.message))

    def unjudged(self) -> None:
        """As if nobody had looked for mistakes: the person is still writing."""
        self._errors = ErrorDict()

    def begin_anew(self, version: int) -> None:
        """The same words, for another look at what they would change from what is in force now."""
        said: Any = self.data.copy()  # type: ignore[attr-defined]
        said["seen"] = str(version)
        self.data = said

    def draft(self) -> dict[str, Any]:
        """What the services take; of a form that is valid."""
        raise NotImplementedError


class Lines(forms.CharField):
    """A list of texts, one on each line."""

    widget = forms.Textarea

    def __init__(self, *, rows: int = 4, **options: object) -> None:
        options.setdefault("help_text", _("One on each line."))
        super().__init__(required=False, **options)  # type: ignore[arg-type]
        self.widget.attrs["rows"] = rows

    def prepare_value(self, value: object) -> object:
        return "\n".join(map(str, value)) if isinstance(value, list | tuple) else value

    def to_python(self, value: object) -> list[str]:  # type: ignore[override]
        text: str = super().to_python(value) or ""
        return [" ".join(one.split()) for one in text.splitlines() if one.strip()]
