"""An import: looked at, then brought about through the services of each noun, all or nothing.

Rows of the tenant plane and of the control plane are written in one transaction where one database holds
both. Where the organization's rows are in a database of its own, what goes wrong undoes both; a server
that dies between the two commits leaves teams and positions without the rest, and importing again ends it.
A companion in a placement of its own commits there as it is written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from companions.services.editing import judge
from companions.services.structure_file.planning import Item, Part, Plan, make_plan
from companions.services.structure_file.problems import Problem, Refused
from companions.services.structure_file.section import Order, Section
from companions.services.structure_file.tree import MOST_BYTES, Mapped, load
from humana.kernel.errors import HumanaError, NotAllowed, StaleVersion
from humana.kernel.ports import record_trail
from tenants.context import current_tenant
from tenants.models import Membership
from tenants.permissions import Permission
from tenants.places import at_main
from tenants.transactions import control_atomic, tenant_atomic

#: Whether somebody came with a right to this; a key may open less than its member.
Opens = Callable[[Permission], bool]


def everything(_permission: Permission) -> bool:
    return True


def preview_structure(
    *,
    member: Membership | None = None,
    data: bytes | str,
    remove: bool = False,
    opens: Opens = everything,
    most: int = MOST_BYTES,
) -> Plan:
    """What importing the file would do. Raises Refused (Invalid) with every mistake, its line and path.

    With `remove`, what is there and not named in a section that the file has goes: values are dropped,
    policies put out of force, companions removed for now.
    """
    root = load(data, most=most)
    with at_main():
        return _plan(root, member, remove, opens)


def import_structure(
    *,
    member: Membership | None = None,
    data: bytes | str,
    remove: bool = False,
    digest: str | None = None,
    opens: Opens = everything,
    most: int = MOST_BYTES,
) -> Plan:
    """Bring it about. StaleVersion where `digest` is not that of the plan as it would be now.

    All of it or nothing; importing what was exported changes nothing.
    """
    root = load(data, most=most)
    with at_main(), tenant_atomic(), control_atomic():
        plan = _plan(root, member, remove, opens)
        if digest is not None and digest != plan.digest:
            raise StaleVersion(_("Something has changed since you looked. Look again before you import."))
        _write(plan, Order(member, plan.book))
        _tell(plan)
    return plan


def _plan(root: Mapped, member: Membership | None, remove: bool, opens: Opens) -> Plan:
    def may(section: Section) -> None:
        judge(member, section.permission)
        if not opens(section.permission):
            raise NotAllowed(_("This API key was not made for this."), code="missing_scope")

    return make_plan(root, remove=remove, may=may)


def _write(plan: Plan, order: Order) -> None:
    for part in plan.parts:
        _write_part(part, order)
    for part in reversed(plan.parts):
        for item in part.gone:
            _do(item, lambda item=item, part=part: part.section.remove(item.row, order))  # type: ignore[misc]


def _write_part(part: Part, order: Order) -> None:
    section = part.section
    items = section.in_turn([one for one in part.items if one.state in ("new", "changed")], order.book)
    if items:
        _do(items[0], lambda: section.before(items, order))
    for item in items:
        item.row = _do(item, lambda item=item: _written(section, item, order))  # type: ignore[misc]
    if part.reordered:
        section.arrange([one.row for one in part.items] + [one.row for one in part.others], order)


def _written(section: Section, item: Item, order: Order) -> Any:
    if item.before is None:
        return section.add(item.said, order)
    return section.change(item.row, item.said, item.before, order)


def _do(item: Item, act: Callable[[], Any]) -> Any:
    """What a service refuses is told with its place in the file."""
    try:
        return act()
    except HumanaError as refusal:
        if refusal.status not in (404, 409, 422) or isinstance(refusal, Refused):
            raise
        if item.node is None:
            message = _("“%(name)s” cannot be removed: %(reason)s")
            told = {"name": item.label, "reason": str(refusal)}
            raise Refused([Problem("", 1, message % told)]) from None
        raise Refused([item.wrong(refusal.field or "", str(refusal))]) from None


def _tell(plan: Plan) -> None:
    if plan.changes_nothing:
        return
    counts = {"new": plan.new, "changed": plan.changed, "gone": plan.gone}
    record_trail(
        action="companions.structure.imported",
        resource_type="organization",
        resource_id=current_tenant().organization_id,
        payload=counts | {"sections": [part.section.name for part in plan.parts]},
    )
