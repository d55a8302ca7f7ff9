"""Changing what is said at a layer: judged by the catalogue and by the layers above, told to the trail.

    set_value(member=member, where=of_organization(member.organization_id), key=MESSAGE_LIMIT, value=2_000)

`member` is None for operators and commands, whose doors have judged them. Nothing said below can get
around what is said above: what would is refused here, and would not count if it were stored.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypedDict, Unpack

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from humana.kernel.actor import current_actor
from humana.kernel.errors import Conflict, Invalid, NotAllowed, NotFound, StaleVersion
from tenants.config.catalogue import LAYER_LABELS, ConfigKey, config_keys
from tenants.config.resolver import ANYBODY, Subject, explain, subject_of
from tenants.config.rules import Entry, Settled, bounded, settle
from tenants.config.secrets import sealed_value
from tenants.config.snapshot import Snapshot, entry_of, read_snapshot, rows_of, snapshot
from tenants.models import ConfigValue, Membership, Organization, Team
from tenants.permissions import CONFIG_EDIT, require
from tenants.services.events import control_event

#: Given as a value: nothing is said here any more, and the layers above decide.
UNSET: Final = object()


@dataclass(frozen=True, slots=True)
class Where:
    """A place where something is said: a layer, whose, and how the layers above it are found."""

    layer: str
    organization_id: uuid.UUID | None = None
    subject: uuid.UUID | None = None
    seen_as: Subject = ANYBODY


EVERYWHERE = Where("global")


def of_organization(organization_id: uuid.UUID) -> Where:
    return Where("organization", organization_id)


def of_team(organization_id: uuid.UUID, team_id: uuid.UUID) -> Where:
    return Where("team", organization_id, team_id, Subject(team_id=team_id, companion_team_id=team_id))


def of_person(member: Membership) -> Where:
    return Where("user", member.organization_id, member.user_id, subject_of(member))


def place_of(row: ConfigValue, organization: Organization | None) -> Where:
    """Where a row says something, for operators; of a new one, the organization in hand or everybody."""
    if organization is None:
        return EVERYWHERE
    if row.layer == "team" and row.subject is not None:
        return of_team(organization.id, row.subject)
    if row.layer == "user":
        return Where("user", organization.id, row.subject, Subject(user_id=row.subject))
    return of_organization(organization.id)


def row_at(where: Where, key: ConfigKey[Any]) -> ConfigValue | None:
    """What is stored there now, if anything."""
    with rows_of(where.organization_id):
        return ConfigValue.objects.filter(**_with_nulls(_names(where, key))).first()


class Changes(TypedDict, total=False):
    """What is not given stays as it is. A bound of None is none; a value of UNSET is unset."""

    value: Any
    locked: bool
    cap: Any
    floor: Any


def key_named(name: str) -> ConfigKey[Any]:
    """NotFound for a key that is not in the catalogue."""
    if name not in config_keys:
        raise NotFound(_("There is no such setting."))
    return config_keys.get(name)


def set_value(
    *, member: Membership | None, where: Where, key: ConfigKey[Any], value: Any, seen: int | None = None
) -> None:
    """Say a value; Invalid says what to change, Conflict who has locked it."""
    change(member=member, where=where, key=key, seen=seen, value=value)


def clear_value(
    *, member: Membership | None, where: Where, key: ConfigKey[Any], seen: int | None = None
) -> None:
    """Say nothing any more: what the layers above say holds again. Lock and bounds go too."""
    change(member=member, where=where, key=key, seen=seen, value=UNSET, locked=False, cap=None, floor=None)


def set_bounds(
    *, member: Membership | None, where: Where, key: ConfigKey[Any], seen: int | None = None, **told: Any
) -> None:
    """Lock or bound the layers below: `locked`, `cap`, `floor`, as given."""
    change(member=member, where=where, key=key, seen=seen, **told)


def change(
    *,
    member: Membership | None,
    where: Where,
    key: ConfigKey[Any],
    seen: int | None = None,
    **changes: Unpack[Changes],
) -> bool:
    """All of it or nothing; whether anything became different. StaleVersion if changed since `seen`."""
    _judge(member, where, key)
    with transaction.atomic():
        told = write(where=where, key=key, changes=changes, seen=seen)
        if told is not None:
            control_event(
                "config.changed", "config", key.name, organization_id=where.organization_id, payload=told
            )
    return told is not None


def write(
    *, where: Where, key: ConfigKey[Any], changes: Changes, seen: int | None = None
) -> dict[str, Any] | None:
    """Inside a transaction: what changed, for the trail; None where nothing did. Judges no member."""
    with rows_of(where.organization_id):
        row = _held(where, key)
        before = entry_of(row, key)
        if seen is not None and seen != (0 if row._state.adding else before.version):
            raise StaleVersion(_("Somebody changed this in the meantime. Reload and try again."))
        wanted = _checked(where, key, before, changes)
        if _same(key, before, wanted, changes):
            return None
        _keep(row, where, key, wanted, changes)
    snapshot.changed(where.organization_id)
    return {
        "layer": where.layer,
        "subject": str(where.subject or ""),
        "before": _told(key, before),
        "after": _told(key, wanted),
    }


def _judge(member: Membership | None, where: Where, key: ConfigKey[Any]) -> None:
    if where.layer not in key.layers:
        message = _("“%(key)s” cannot be set at this layer.") % {"key": key.label}
        raise Invalid(message, field="layer", code="not_at_this_layer")
    if member is None:
        return
    if where.organization_id != member.organization_id:
        raise NotAllowed(_("You are not a member of this organization."), code="not_a_member")
    if where.layer != "user":
        require(member, CONFIG_EDIT.name)
    elif where.subject != member.user_id:
        raise NotAllowed(_("Only they can set this for themselves."), code="not_yours")


def _held(where: Where, key: ConfigKey[Any]) -> ConfigValue:
    """The row of this place, held until the commit; a new one where there is none."""
    if where.subject and where.layer == "team" and not Team.objects.filter(id=where.subject).exists():
        raise NotFound(_("There is no such team."))
    named = _names(where, key)
    row = ConfigValue.objects.select_for_update().filter(**_with_nulls(named)).first()
    return row or ConfigValue(**named)


def _names(where: Where, key: ConfigKey[Any]) -> dict[str, Any]:
    return {
        "organization_id": where.organization_id,
        "layer": where.layer,
        "subject": where.subject,
        "key": key.name,
    }


def _with_nulls(named: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{name}__isnull" if one is None else name: one is None or one for name, one in named.items()}


def _checked(where: Where, key: ConfigKey[Any], before: Entry, changes: Changes) -> Entry:
    """What would be said here, allowed by the kind, by the key and by the layers above."""
    wanted = _entry(where, key, before, changes)
    if not (wanted.has_value or wanted.locked or wanted.cap is not None or wanted.floor is not None):
        return wanted
    above = _above(where, key)
    if above.lock is not None:
        message = _("This is locked for you by: %(layer)s.") % {"layer": LAYER_LABELS[above.lock.layer]}
        raise Conflict(message, code="locked", field="value")
    if wanted.locked and not key.locks_at(where.layer):
        raise Invalid(_("This cannot be locked here."), field="locked", code="not_lockable")
    _check_bounds(where, key, wanted, above)
    return wanted


def _entry(where: Where, key: ConfigKey[Any], before: Entry, changes: Changes) -> Entry:
    has_value, value = before.has_value, before.value
    if "value" in changes:
        has_value = changes["value"] is not UNSET
        value = key.check(changes["value"]) if has_value else None
    return Entry(
        layer=where.layer,
        subject=where.subject,
        has_value=has_value,
        value=value,
        locked=bool(changes.get("locked", before.locked)),
        cap=_bound(key, changes["cap"], "cap") if "cap" in changes else before.cap,
        floor=_bound(key, changes["floor"], "floor") if "floor" in changes else before.floor,
    )


def _bound(key: ConfigKey[Any], value: Any, name: str) -> Any:
    try:
        return None if value is None else key.kind.check(value)
    except Invalid as refusal:
        raise Invalid(refusal.message, field=name, code=refusal.code) from None


def _check_bounds(where: Where, key: ConfigKey[Any], wanted: Entry, above: Settled[Any]) -> None:
    """Caps and floors where the key has them; each within those from above, and the value within all."""
    for name, layers in (("floor", key.floors), ("cap", key.caps)):
        bound = getattr(wanted, name)
        if bound is None:
            continue
        if where.layer not in layers:
            raise Invalid(_("This cannot be bounded here."), field=name, code="not_boundable")
        if bounded(key, bound, above) != bound:
            raise _out_of_bounds(key, above, name)
    told = settle(key, [wanted], within=above)
    if wanted.cap is not None and told.cap != wanted.cap:
        raise Invalid(_("The most cannot be less than the least."), field="cap", code="out_of_bounds")
    if wanted.has_value and not key.secret and told.value != wanted.value:
        raise _out_of_bounds(key, told, "value")


def _out_of_bounds(key: ConfigKey[Any], told: Settled[Any], field: str) -> Invalid:
    words = []
    for sentence, bound, by in (
        (_("at least %(bound)s (%(layer)s)"), told.floor, told.floor_by),
        (_("at most %(bound)s (%(layer)s)"), told.cap, told.cap_by),
    ):
        if by is not None:
            words.append(sentence % {"bound": key.kind.shown(bound), "layer": LAYER_LABELS[by.layer]})
    message = _("Stay within what is allowed here: %(bounds)s.") % {"bounds": ", ".join(words)}
    return Invalid(message, field=field, code="out_of_bounds")


def _above(where: Where, key: ConfigKey[Any]) -> Settled[Any]:
    """As the rows say now: what a process keeps may be half a second old."""
    known: Snapshot = read_snapshot(where.organization_id)
    return explain(key, where.seen_as, known=known, at=where.layer, own=False).settled


def _same(key: ConfigKey[Any], before: Entry, wanted: Entry, changes: Changes) -> bool:
    if key.secret and changes.get("value", UNSET) is not UNSET:
        return False
    names = ("has_value", "locked", "cap", "floor", "value")
    return all(getattr(before, name) == getattr(wanted, name) for name in names)


def _keep(row: ConfigValue, where: Where, key: ConfigKey[Any], wanted: Entry, changes: Changes) -> None:
    if not (wanted.has_value or wanted.locked or wanted.cap is not None or wanted.floor is not None):
        if not row._state.adding:
            row.delete()
        return
    if key.secret and "value" in changes:
        row.sealed = _sealed(where, key, wanted)
    elif not key.secret:
        row.value = wanted.value
    row.has_value, row.locked, row.cap, row.floor = wanted.has_value, wanted.locked, wanted.cap, wanted.floor
    actor = current_actor()
    row.set_by, row.set_by_id = actor.label[:254], actor.user_id
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:  # somebody said something here at the same moment
        raise StaleVersion(_("Somebody changed this in the meantime. Reload and try again.")) from None


def _sealed(where: Where, key: ConfigKey[Any], wanted: Entry) -> str:
    if not wanted.has_value:
        return ""
    return sealed_value(
        wanted.value,
        organization_id=where.organization_id,
        layer=where.layer,
        subject=where.subject,
        key=key.name,
    )


def _told(key: ConfigKey[Any], entry: Entry) -> dict[str, Any]:
    """For the trail; of a secret only that it is set."""
    told: dict[str, Any] = {}
    if entry.has_value:
        told["value"] = "set" if key.secret else entry.value
    if entry.locked:
        told["locked"] = True
    return told | {name: one for name in ("cap", "floor") if (one := getattr(entry, name)) is not None}
