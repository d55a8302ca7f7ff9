"""What a member may do: dotted permissions, declared by each app, granted by roles; default deny.

Read at the time of use: a membership is loaded with each request and never cached in a session.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from humana.kernel.errors import NotAllowed
from humana.kernel.registry import Registry
from tenants.context import peek_tenant
from tenants.models import Membership, Role


@dataclass(frozen=True, slots=True)
class Permission:
    """`name` is `<app>.<what>`; `roles` are the built-in roles that have it. Owners have all."""

    name: str
    label: Any
    roles: frozenset[str]


permissions: Registry[Permission] = Registry("permission")

BUILT_IN_ROLES: dict[str, Any] = {
    "owner": _("Owner"),
    "admin": _("Administrator"),
    "manager": _("Manager"),
    "member": _("Member"),
    "auditor": _("Auditor"),
    "billing": _("Billing"),
}


def declare(name: str, label: Any, *, roles: str = "") -> Permission:
    """Declare a permission once; `roles` are names with spaces between."""
    unknown = set(roles.split()) - set(BUILT_IN_ROLES)
    assert not unknown, f"unknown roles: {unknown}"
    return permissions.add(name, Permission(name, label, frozenset(roles.split()) | {"owner"}))


def permissions_of(member: Membership) -> frozenset[str]:
    """Role, plus extra, minus withheld. Inside the organization's context for its own roles."""
    granted = permissions_of_role(member) | set(member.extra_permissions)
    return frozenset(granted - set(member.withheld_permissions))


def permissions_of_role(member: Membership) -> set[str]:
    """What their role alone gives them."""
    if member.role in BUILT_IN_ROLES:
        return {name for name, one in permissions.items() if member.role in one.roles}
    role = Role.objects.filter(organization_id=member.organization_id, slug=member.role).first()
    return set(role.permissions) & set(permissions) if role else set()


def allowed(member: Membership, permission: str) -> bool:
    permissions.get(permission)
    return permission in permissions_of(member)


def require(member: Membership, permission: str) -> None:
    """Raise NotAllowed unless the member has it, here: a right reaches no further than its organization."""
    here = peek_tenant()
    if here is not None and here.organization_id != member.organization_id:
        raise NotAllowed(_("You are not a member of this organization."), code="not_a_member")
    if not allowed(member, permission):
        message = _("You do not have permission for this: %(what)s.")
        raise NotAllowed(message % {"what": permissions.get(permission).label}, code="missing_permission")


MANAGE = declare("organization.manage", _("manage the organization"), roles="admin")
MEMBERS = declare("organization.members", _("manage members"), roles="admin")
STRUCTURE = declare("organization.structure", _("shape teams and positions"), roles="admin")
SEE_STRUCTURE = declare(
    "organization.see_structure", _("see teams and positions"), roles="admin manager member auditor"
)
KEYS = declare("organization.keys", _("manage API keys"), roles="admin")
OWN_KEYS = declare("organization.own_keys", _("make API keys of their own"), roles="admin manager member")
OWN_ACCOUNT = declare(
    "organization.own_account",
    _("end sign-ins of their own and leave, by a program"),
    roles="admin manager member auditor billing",
)
CONFIG_VIEW = declare("config.view", _("see the configuration"), roles="admin auditor")
CONFIG_EDIT = declare("config.edit", _("change the configuration"), roles="admin")
