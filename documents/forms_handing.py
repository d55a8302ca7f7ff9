"""Who has what somebody left behind."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from documents.permissions import WRITE
from tenants.models import Membership
from tenants.permissions import allowed
from tenants.queries import members
from tenants.refusing import SettingsForm


class HeirForm(SettingsForm):
    """A member who may keep folders; oneself first."""

    person_id = forms.UUIDField(widget=forms.HiddenInput)
    member_id = forms.TypedChoiceField(label=_("Who has it from now on"), coerce=uuid.UUID)

    def __init__(self, posted: Any = None, *, member: Membership, person_id: uuid.UUID | None = None) -> None:
        super().__init__(posted, initial={"person_id": person_id}, auto_id=f"heir-{person_id}-%s")
        self.fields["member_id"].choices = _heirs(member)  # type: ignore[attr-defined]


def _heirs(member: Membership) -> list[tuple[str, str]]:
    rows = members().filter(state=Membership.State.ACTIVE).order_by("user__name", "user__email")
    found = [one for one in rows if one.id != member.id and allowed(one, WRITE.name)]
    others = [(str(one.id), one.user.get_full_name()) for one in found]
    mine = [(str(member.id), str(_("me")))] if allowed(member, WRITE.name) else []
    return [*mine, *others]
