"""The organization's own word on who reaches whom; the next message follows it, and what is on its way."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.utils.translation import gettext as _

from companions.access import Right
from companions.models import Companion, CompanionAccess
from companions.permissions import ACCESS
from companions.services.editing import judge
from humana.kernel.errors import Invalid, NotFound
from humana.kernel.ports import record_trail
from tenants.context import current_tenant
from tenants.models import Membership
from tenants.places import at_main
from tenants.queries import is_team
from tenants.transactions import tenant_atomic


def set_rule(
    *,
    member: Membership | None = None,
    source_id: uuid.UUID,
    target_id: uuid.UUID | None = None,
    team_id: uuid.UUID | None = None,
    allow: bool,
    rights: Iterable[str] = (),
) -> CompanionAccess:
    """Allow or deny one companion another, or a team; what was said of that pair before is replaced.

    Empty `rights` are all. Raises NotFound for what is not there, Invalid for itself or for no aim.
    """
    judge(member, ACCESS)
    named = _rights(rights)
    with at_main(), tenant_atomic():
        aim = _aim(source_id, target_id, team_id)
        row = CompanionAccess.objects.select_for_update().filter(source_id=source_id, aim_id=aim).first()
        row = row or CompanionAccess(
            source_id=source_id, target_id=target_id, team_id=team_id, aim_id=aim, version=0
        )
        row.allow, row.rights, row.version = allow, named, row.version + 1
        row.save()
        _tell("set", row, allow=allow, rights=named)
    return row


def drop_rule(*, member: Membership | None = None, rule: CompanionAccess) -> None:
    """What is computed holds again for that pair."""
    judge(member, ACCESS)
    with at_main(), tenant_atomic():
        _tell("dropped", rule, allow=rule.allow)
        CompanionAccess.objects.filter(id=rule.id).delete()


def _aim(source_id: uuid.UUID, target_id: uuid.UUID | None, team_id: uuid.UUID | None) -> uuid.UUID:
    if (target_id is None) == (team_id is None):
        raise Invalid(_("Name one companion or one team."), field="target_id", code="no_aim")
    if source_id == target_id:
        raise Invalid(_("A companion does not write to itself."), field="target_id", code="itself")
    named = {one for one in (source_id, target_id) if one is not None}
    if Companion.objects.filter(id__in=named).count() != len(named):
        raise NotFound(_("There is nothing here."))
    if team_id is not None and not is_team(current_tenant().organization_id, team_id):
        raise Invalid(_("Choose one of your organization."), field="team_id", code="unknown")
    return target_id or team_id  # type: ignore[return-value]


def _rights(names: Iterable[str]) -> list[str]:
    named, known = sorted(set(names)), set(Right)
    if not known.issuperset(named):
        raise Invalid(_("Choose among what is offered."), field="rights", code="unknown")
    return named


def _tell(action: str, row: CompanionAccess, **payload: object) -> None:
    told = {"from": row.source_id, "to": row.target_id, "team": row.team_id, **payload}
    record_trail(
        action=f"companions.access.{action}",
        resource_type="companion_access",
        resource_id=row.id,
        payload=told,
    )
