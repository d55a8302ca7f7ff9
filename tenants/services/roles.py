"""An organization's own roles: made, changed, removed. What a role gives is read at each request, so a
change holds at everybody's next step.

Nobody gives what they have not, takes from who may more, or changes what they may themselves.
`member=None` is Humana itself.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypedDict, Unpack

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from humana.kernel.errors import Conflict, Invalid, NotAllowed
from humana.kernel.text import clean_line
from tenants.context import current_tenant
from tenants.models import ApiKey, Invitation, Membership, Role
from tenants.permissions import BUILT_IN_ROLES, MEMBERS, permissions
from tenants.ranks import judge_giving, judge_giving_these, judge_touch, known_permissions, known_role
from tenants.services.members import hold_owners
from tenants.services.structuring import announce, apply, hold, judge
from tenants.transactions import control_atomic

#: Roles of its own that an organization has at most.
MOST = 50


class RoleChanges(TypedDict, total=False):
    """What can be changed; what is not given stays as it is."""

    name: str
    permissions: Sequence[str]


@dataclass(frozen=True, slots=True)
class Touched:
    """Somebody who has the role, and what a change gives and takes, each by the permission's name."""

    who: Membership
    gains: tuple[str, ...]
    loses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change of permissions does: to the role, and to each whom it does something to.

    `holders` is how many have the role. Who has a permission beside the role does not lose it with the role.
    """

    added: tuple[str, ...]
    taken: tuple[str, ...]
    holders: int
    touched: tuple[Touched, ...]


@dataclass(frozen=True, slots=True)
class OnRole:
    """Who has a role, and who is invited to it."""

    members: tuple[str, ...]
    invitations: int

    @property
    def needs_a_place(self) -> bool:
        """Whether somebody has to get another role before this one can go."""
        return bool(self.members or self.invitations)


def create_role(
    *,
    member: Membership | None = None,
    name: str,
    permissions: Sequence[str] = (),
    key: ApiKey | None = None,
) -> Role:
    """A role of the organization we are in. Conflict where another has its name, NotAllowed for giving what
    `member` has not.
    """
    judge(member, MEMBERS)
    given = known_permissions(permissions, "permissions")
    with control_atomic():
        hold_owners()
        judge_giving_these(member, given, key=key)
        if _own().count() >= MOST:
            raise Conflict(_("An organization has at most %(limit)d of these.") % {"limit": MOST})
        name = _free_name(clean_line(name, field="name", limit=80))
        row = Role(organization_id=_here(), slug=_free_slug(name), name=name, permissions=given)
        row.save(force_insert=True)
        announce("role.created", row, name=name, permissions=given)
    return row


def effect_of(role: Role, wanted: Iterable[str]) -> Effect:
    """What it would do if the role permitted exactly `wanted`. Invalid for what no permission is called."""
    after, before = set(known_permissions(wanted, "permissions")), _given(role)
    holders = list(_holders(role))
    found = [_touched(one, before, after) for one in holders]
    return Effect(
        _in_order(after - before),
        _in_order(before - after),
        len(holders),
        tuple(one for one in found if one.gains or one.loses),
    )


def edit_role(
    *,
    member: Membership | None = None,
    role: Role,
    version: int | None = None,
    key: ApiKey | None = None,
    **changes: Unpack[RoleChanges],
) -> Role:
    """Change what is given; it holds at everybody's next step. The short name stays.

    NotAllowed for permissions that `member` has not, for a role of somebody who may more, and for the
    permissions of the role that `member` has.
    """
    judge(member, MEMBERS)
    with control_atomic():
        hold_owners()
        row = hold(Role, role.id, version)
        was = {"name": row.name, "permissions": list(row.permissions)}
        wanted = _wanted(row, changes)
        _may_change(member, row, wanted, key)
        effect = effect_of(row, wanted.get("permissions", row.permissions))
        changed = apply(row, wanted)
        if changed:
            row.save(update_fields=[*changed, "updated_at"])
            announce(
                "role.changed", row, was=was, now={"name": row.name, "permissions": row.permissions},
                changed=changed, gained=effect.added, lost=effect.taken, members=effect.holders,
            )  # fmt: skip
    return row


def on_role(role: Role) -> OnRole:
    """Who has it now, for who asks before removing it."""
    names = sorted(one.user.get_full_name() for one in _holders(role))
    return OnRole(tuple(names), _invited(role).count())


def remove_role(
    *,
    member: Membership | None = None,
    role: Role,
    move_to: str | None = None,
    version: int | None = None,
    key: ApiKey | None = None,
) -> None:
    """Whoever has it, or is invited to it, gets the role `move_to`, and it is gone.

    Without one, only where nobody has it: else Conflict, which says who. NotAllowed for a role that `member`
    may not give to each of them, and where `member` or somebody who may more has it.
    """
    judge(member, MEMBERS)
    with control_atomic():
        hold_owners()
        row = hold(Role, role.id, version)
        if move_to is not None:
            _heir(row, move_to)
        invited = list(_invited(row).select_for_update().order_by("id"))
        holders = list(_holders(row).select_for_update(of=("self",)))
        if move_to is None and (holders or invited):
            raise Conflict(_stands_on(on_role(row)), code="in_use")
        judge_giving_these(member, _given(row), key=key)
        for one in holders:
            _move(member, one, move_to or "", key)
        if invited:
            judge_giving(member, move_to or "", key=key)
            _invited(row).update(role=move_to, updated_at=timezone.now())
        told = {"members": len(holders), "invitations": len(invited), "moved_to": move_to}
        announce("role.removed", row, name=row.name, permissions=row.permissions, **told)
        row.delete()


def _wanted(row: Role, changes: RoleChanges) -> RoleChanges:
    wanted: RoleChanges = {}
    if "name" in changes:
        wanted["name"] = _free_name(clean_line(changes["name"], field="name", limit=80), besides=row)
    if "permissions" in changes:
        wanted["permissions"] = known_permissions(changes["permissions"], "permissions")
    return wanted


def _may_change(member: Membership | None, row: Role, wanted: RoleChanges, key: ApiKey | None) -> None:
    """Neither up nor down: what it gives now and what it would give is theirs to give, and nobody who has
    it may more than they do.
    """
    if member is None or all(getattr(row, name) == one for name, one in wanted.items()):
        return
    judge_giving_these(member, _given(row), key=key)
    if "permissions" not in wanted or set(wanted["permissions"]) == _given(row):
        return
    if member.role == row.slug:
        message = _("This is your own role. Ask somebody else who manages members to change it.")
        raise NotAllowed(message, code="oneself")
    judge_giving_these(member, wanted["permissions"], key=key)
    for one in _holders(row):
        judge_touch(member, one, key=key)


def _move(member: Membership | None, one: Membership, move_to: str, key: ApiKey | None) -> None:
    judge_touch(member, one, key=key)
    judge_giving(member, move_to, one.extra_permissions, one.withheld_permissions, key=key)
    was, one.role = one.role, move_to
    one.save(update_fields=["role", "updated_at"])
    announce(
        "membership.ranked", one, was=was, role=move_to, extra=one.extra_permissions,
        withheld=one.withheld_permissions, changed=["role"],
    )  # fmt: skip


def _heir(row: Role, move_to: str) -> None:
    if move_to == row.slug:
        raise Invalid(_("Choose another role than this one."), field="move_to", code="circle")
    known_role(_here(), move_to, field="move_to")


def _touched(who: Membership, before: set[str], after: set[str]) -> Touched:
    beside, withheld = set(who.extra_permissions), set(who.withheld_permissions)
    return Touched(
        who, _in_order(after - before - beside - withheld), _in_order(before - after - beside - withheld)
    )


def _given(row: Role) -> set[str]:
    return set(row.permissions) & set(permissions)


def _in_order(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names))


def _holders(role: Role) -> QuerySet[Membership]:
    rows = Membership.objects.select_related("user").filter(organization_id=_here(), role=role.slug)
    return rows.order_by("id")


def _invited(role: Role) -> QuerySet[Invitation]:
    return Invitation.objects.filter(organization_id=_here(), role=role.slug, state=Invitation.State.PENDING)


def _own() -> QuerySet[Role]:
    return Role.objects.filter(organization_id=_here())


def _free_name(name: str, besides: Role | None = None) -> str:
    """The same; Conflict where another role, a built-in one too, is called so, whatever its capitals."""
    rows = _own().filter(name__iexact=name)
    built_in = {str(one).casefold() for one in BUILT_IN_ROLES.values()} | set(BUILT_IN_ROLES)
    if name.casefold() in built_in or (rows.exclude(id=besides.id) if besides else rows).exists():
        raise Conflict(_("There is another one of this name."), field="name", code="name_taken")
    return name


def _free_slug(name: str) -> str:
    base = slugify(name)[:34].strip("-_") or "role"
    taken = {*BUILT_IN_ROLES, *_own().values_list("slug", flat=True)}
    number = 1
    slug = base
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug


def _stands_on(found: OnRole) -> str:
    most = 20
    names = ", ".join(found.members[:most]) + (" …" if len(found.members) > most else "")
    told = [
        (found.members, _("members: %(what)s"), names),
        (found.invitations, _("invitations that wait: %(what)s"), found.invitations),
    ]
    words = "; ".join(sentence % {"what": what} for there, sentence, what in told if there)
    return _("Somebody has this role: %(what)s. Say which role they get.") % {"what": words}


def _here() -> uuid.UUID:
    return current_tenant().organization_id
