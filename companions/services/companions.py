"""Companions themselves: create, edit, pause, remove. `member=None` is Humana itself."""

from __future__ import annotations

import re
import secrets
import unicodedata
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypedDict, Unpack

from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _

from companions.models import Companion
from companions.permissions import EDIT
from companions.services.beneficiaries import recount_all_later
from companions.services.editing import announce, apply, hold, judge, line
from companions.services.placing import keep_entry
from humana.kernel.errors import Conflict, Invalid, NotFound
from humana.kernel.text import clean_text
from tenants.context import current_tenant
from tenants.models import Membership, Position, Team
from tenants.models.organizations import slug_rule
from tenants.places import at_main, within
from tenants.transactions import tenant_atomic

MOST_STARTERS = 6
#: Addresses tried before creating gives up; a second one differs from all that were seen.
MOST_TRIES = 5


class Extras(TypedDict, total=False):
    """What a companion can do without. `model` is empty for the organization's default; `access` says
    which others may reach it.
    """

    model: str
    access: str
    team_id: uuid.UUID | None
    position_id: uuid.UUID | None
    starters: Sequence[str]


class Changes(Extras, total=False):
    """What can be edited; what is not given stays as it is."""

    name: str
    purpose: str
    base_prompt: str
    language: str


def create_companion(
    *,
    member: Membership | None = None,
    name: str,
    purpose: str,
    base_prompt: str,
    language: str,
    slug: str | None = None,
    **extras: Unpack[Extras],
) -> Companion:
    """A companion that people can talk to at once; its address follows from the name.

    Conflict when the address given is taken, also by a companion that was removed.
    """
    judge(member, EDIT)
    told = {"name": name, "purpose": purpose, "base_prompt": base_prompt, "language": language, **extras}
    wanted, given = clean_fields(told), _checked_slug(slug) if slug else ""
    with at_main():
        for _attempt in range(1 if given else MOST_TRIES):
            row = Companion(slug=given or free_slug(name), **wanted)
            if _created(row):
                return row
    raise Conflict(_("This address is taken."), field="slug", code="slug_taken")


def _created(row: Companion) -> bool:
    """False where somebody else took its address meanwhile."""
    try:
        with tenant_atomic():
            row.save(force_insert=True)
            announce("created", "companion", row, name=row.name, slug=row.slug)
            recount_all_later()
    except IntegrityError:
        if not Companion.everything.filter(slug=row.slug).exists():
            raise
        return False
    return True


def edit_companion(
    *,
    member: Membership | None = None,
    companion: Companion,
    version: int | None = None,
    **changes: Unpack[Changes],
) -> Companion:
    """Change what is given; StaleVersion when `version` is no longer the current one."""
    judge(member, EDIT)
    wanted = clean_fields(changes)
    with within("companion_id", companion.id), tenant_atomic():
        row = hold(Companion.objects.all(), companion.id, version)
        _change(row, "edited", wanted)
    return row


def change_companion(
    *,
    member: Membership | None = None,
    companion: Companion,
    version: int | None = None,
    state: str | None = None,
    **changes: Unpack[Changes],
) -> Companion:
    """The same, and pause or resume it where `state` is another one; all or nothing."""
    with within("companion_id", companion.id), tenant_atomic():
        row = edit_companion(member=member, companion=companion, version=version, **changes)
        if state in (None, row.state):
            return row
        turn = pause_companion if state == Companion.State.PAUSED else resume_companion
        return turn(member=member, companion=row)


def pause_companion(*, member: Membership | None = None, companion: Companion) -> Companion:
    """Nobody can ask it anything until it is resumed; its chats stay."""
    return _set_state(member, companion, Companion.State.PAUSED, "paused")


def resume_companion(*, member: Membership | None = None, companion: Companion) -> Companion:
    return _set_state(member, companion, Companion.State.ACTIVE, "resumed")


def remove_companion(
    *, member: Membership | None = None, companion: Companion, version: int | None = None
) -> Companion:
    """Hide it; it can be restored until it is purged. Its address stays taken."""
    by = judge(member, EDIT)
    with within("companion_id", companion.id), tenant_atomic():
        row = hold(Companion.objects.all(), companion.id, version)
        _change(row, "removed", {"removed_at": timezone.now(), "removed_by": by})
    return row


def restore_companion(*, member: Membership | None = None, companion_id: uuid.UUID) -> Companion:
    """Bring back a removed companion."""
    judge(member, EDIT)
    with within("companion_id", companion_id), tenant_atomic():
        row = hold(Companion.everything.all(), companion_id)
        _change(row, "restored", {"removed_at": None, "removed_by": None})
    return row


def free_slug(name: str) -> str:
    """An unused address made of the name, accents dropped."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-") or "companion"
    slug = base
    while Companion.everything.filter(slug=slug).exists():
        slug = f"{base}-{secrets.token_hex(3)}"
    return slug


def _set_state(member: Membership | None, companion: Companion, state: str, action: str) -> Companion:
    judge(member, EDIT)
    with within("companion_id", companion.id), tenant_atomic():
        row = hold(Companion.objects.all(), companion.id)
        _change(row, action, {"state": state})
    return row


def _change(row: Companion, action: str, wanted: Mapping[str, Any]) -> None:
    changed = apply(row, wanted)
    if changed:
        row.version += 1
        row.save()
        keep_entry(row)
        announce(action, "companion", row, name=row.name, slug=row.slug, changed=changed)
        if {"team_id", "removed_at"} & set(changed):
            recount_all_later()


def clean_fields(told: Mapping[str, Any]) -> dict[str, Any]:
    """Each field as it is kept; the first that cannot be is refused, and named."""
    return {field: _CLEANERS[field](value) for field, value in told.items()}


def _one_of_ours(kind: type[Model], field: str) -> Callable[[uuid.UUID | None], uuid.UUID | None]:
    """Teams and positions live in the control plane: no reference in the database holds them."""

    def check(row_id: uuid.UUID | None) -> uuid.UUID | None:
        rows = kind._default_manager.filter(organization_id=current_tenant().organization_id)
        if row_id is not None and not rows.filter(pk=row_id).exists():
            raise NotFound(_("There is nothing here."), field=field)
        return row_id

    return check


def _language(value: str) -> str:
    if value not in Companion.Language.values:
        raise Invalid(_("Choose one of the languages offered."), field="language", code="unknown")
    return value


def _access(value: str) -> str:
    if value not in Companion.Access.values:
        raise Invalid(_("Choose one of what is offered."), field="access", code="unknown")
    return value


def _starters(texts: Sequence[str]) -> list[str]:
    if len(texts) > MOST_STARTERS:
        message = _("At most %(limit)d lines.") % {"limit": MOST_STARTERS}
        raise Invalid(message, field="starters", code="too_many")
    return [line(text, field="starters", limit=200) for text in texts]


def _checked_slug(slug: str) -> str:
    try:
        slug_rule(slug)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), field="slug", code="bad_slug") from None
    return slug


_CLEANERS: dict[str, Callable[[Any], Any]] = {
    "name": lambda text: line(text, field="name", limit=80),
    "purpose": lambda text: line(text, field="purpose", limit=200),
    "base_prompt": lambda text: clean_text(text, field="base_prompt", limit=8000).strip(),
    "language": _language,
    "access": _access,
    "model": lambda text: line(text, field="model", limit=120, required=False),
    "team_id": _one_of_ours(Team, "team_id"),
    "position_id": _one_of_ours(Position, "position_id"),
    "starters": _starters,
}
