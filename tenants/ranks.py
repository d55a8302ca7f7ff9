"""Who may change whom: nobody gives what they have not, and owners are for owners only.

Compared are the permissions themselves, so it holds for an organization's own roles, and for what was
given or withheld beside a role. A key made for less gives no more than it was made for.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.utils.translation import gettext as _

from humana.kernel.errors import Invalid, NotAllowed
from tenants.models import ApiKey, Membership, Role
from tenants.permissions import BUILT_IN_ROLES, permissions, permissions_of

OWNER = "owner"


def may_touch(member: Membership, who: Membership, *, key: ApiKey | None = None) -> bool:
    """Whether `member` may change what `who` is: somebody else, who may no more than they do."""
    return who.id != member.id and _within(member, who, key)


def judge_touch(member: Membership | None, who: Membership, *, key: ApiKey | None = None) -> None:
    """Raises unless they may. None is Humana itself."""
    if member is None:
        return
    if who.id == member.id:
        message = _("Nobody changes this of themselves: ask somebody else who manages members.")
        raise NotAllowed(message, code="oneself")
    if not _within(member, who, key):
        raise NotAllowed(_("This person may more than you do: you cannot change them."), code="above")


def judge_giving(
    member: Membership | None,
    role: str,
    extra: Iterable[str] = (),
    withheld: Iterable[str] = (),
    *,
    key: ApiKey | None = None,
) -> None:
    """Raises unless `member` may make somebody that: a role there is, and nothing they have not."""
    if member is None:
        return
    wanted = Membership(
        organization_id=member.organization_id,
        role=role,
        extra_permissions=list(extra),
        withheld_permissions=list(withheld),
    )
    if not _within(member, wanted, key):
        message = _("You can only give what you may do yourself. Choose a role with less.")
        raise NotAllowed(message, code="more_than_oneself")


def judge_giving_these(member: Membership | None, names: Iterable[str], *, key: ApiKey | None = None) -> None:
    """Raises unless `member` has each of these permissions to give."""
    if member is not None and not set(names) & set(permissions) <= may_give(member, key):
        message = _("You can only give what you may do yourself. Choose a role with less.")
        raise NotAllowed(message, code="more_than_oneself")


def may_give(member: Membership, key: ApiKey | None = None) -> set[str]:
    """The permissions that they may give: their own, as far as the key they came with was made for them."""
    own = set(permissions_of(member))
    if key is not None and key.scopes:
        return own & set(key.scopes)
    return set(permissions) if member.role == OWNER else own


def known_role(organization_id: uuid.UUID, role: str, field: str = "role") -> str:
    """The same; Invalid where the organization has no such role. It stays until the transaction ends."""
    own = Role.objects.select_for_update(no_key=True).filter(organization_id=organization_id, slug=role)
    if role not in BUILT_IN_ROLES and not ("\x00" not in role and own.exists()):
        raise Invalid(_("There is no such role here."), field=field, code="unknown_role")
    return role


def known_permissions(names: Iterable[str], field: str) -> list[str]:
    """The same, each once, in order; Invalid names those that there are not."""
    found = sorted(set(names))
    unknown = [name for name in found if name not in permissions]
    if unknown:
        message = _("There is no such permission: %(names)s.") % {"names": ", ".join(unknown)[:200]}
        raise Invalid(message, field=field, code="unknown_permission")
    return found


def roles_to_give(member: Membership, *, key: ApiKey | None = None) -> list[tuple[str, str]]:
    """The roles that `member` may give, the widest first, with their names."""
    own = Role.objects.filter(organization_id=member.organization_id).order_by("name")
    offered = [
        *((slug, str(name)) for slug, name in BUILT_IN_ROLES.items()),
        *own.values_list("slug", "name"),
    ]
    return [one for one in offered if _within(member, _with(member, one[0]), key)]


def _with(member: Membership, role: str) -> Membership:
    return Membership(organization_id=member.organization_id, role=role)


def _within(member: Membership, one: Membership, key: ApiKey | None) -> bool:
    if member.role == OWNER and not (key is not None and key.scopes):
        return True
    return one.role != OWNER and permissions_of(one) <= may_give(member, key)
