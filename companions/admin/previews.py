"""Looking before publishing, in the console: a second button on a form shows what its words would change."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from companions.models import Policy
from companions.previews import Preview
from companions.services.previewing import preview_policy
from humana.kernel.errors import Conflict

#: The name of that button.
LOOK = "_look"


class OnlyLooked(Conflict):
    """Nothing is saved; the form is shown again as it was written, with the `preview`."""

    def __init__(self, preview: Preview) -> None:
        super().__init__(_("Nothing is published yet."), code="only_looked")
        self.preview = preview


def look_at_policy(request: HttpRequest, obj: Policy) -> None:
    """Raises OnlyLooked where the operator asked to look; `obj` has the words of the form."""
    if LOOK not in request.POST:
        return
    kept = None if obj._state.adding else Policy.objects.get(id=obj.id)
    told: dict[str, Any] = {
        name: getattr(obj, name)
        for name in ("name", "regulation", "requirement", "active", "audience", "checks", "mode")
    }
    raise OnlyLooked(preview_policy(policy=kept, **told))


def no_error(request: HttpRequest, context: dict[str, Any]) -> None:
    """A look is refused like a mistake, so that nothing is saved; the form must not call it one."""
    if isinstance(getattr(request, "refusal", None), OnlyLooked):
        context["errors"] = None
        context["adminform"].form.errors.clear()
