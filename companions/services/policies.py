"""What all companions inherit: values, policies and the brand. The very next answer follows a change.

`member=None` is Humana itself (a seed, an operator with the organization in hand). Giving
`version` makes an edit fail with StaleVersion when somebody else was quicker. What changes nothing
leaves no version and no line in the trail.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from companions.models import Brand, BrandVersion, Policy, PolicyVersion, Value
from companions.permissions import POLICIES
from companions.services.audiences import gone_from
from companions.services.drafts import brand_fields, policy_fields, value_fields
from companions.services.editing import announce, apply, hold, judge
from humana.kernel.errors import Conflict, NotFound
from tenants.models import Membership
from tenants.transactions import tenant_atomic

#: What a version keeps of its policy.
KEPT = ("name", "regulation", "requirement", "active", "audience", "checks", "mode")


def publish_policy(
    *,
    member: Membership | None = None,
    policy: Policy | None = None,
    name: str,
    regulation: str,
    requirement: str,
    active: bool = True,
    audience: Mapping[str, Any] | None = None,
    checks: Sequence[Any] | None = None,
    mode: str | None = None,
    position: int | None = None,
    version: int | None = None,
) -> Policy:
    """Put a policy in force, or change `policy`; keeps what was published as a PolicyVersion.

    `audience`, `checks` or `mode` that is not given stays as it is; a new policy is for everybody and
    checks nothing. NotFound where the audience names what is not the organization's; Invalid for a
    check that cannot be, with the path to what is wrong in it ("checks[2].pattern").
    """
    by = judge(member, POLICIES)
    wanted = policy_fields(
        name=name, regulation=regulation, requirement=requirement, active=active,
        audience=audience, checks=checks, mode=mode,
    )  # fmt: skip
    with tenant_atomic():
        row = hold(Policy.objects.all(), policy.id, version) if policy else Policy(version=0)
        if position is not None or policy is None:
            wanted["position"] = Policy.objects.count() if position is None else position
        changed = apply(row, wanted)
        if not changed:
            return row
        row.version += 1
        row.save()
        kept = {field: getattr(row, field) for field in KEPT}
        PolicyVersion.objects.create(policy=row, number=row.version, published_by=by, **kept)
        announce("published", "policy", row, name=row.name, regulation=row.regulation, changed=changed)
    return row


def restore_policy(
    *, member: Membership | None = None, policy: Policy, version_id: uuid.UUID, version: int | None = None
) -> Policy:
    """Publish again what an earlier version said, as a new one.

    Conflict where that was for a team, position or companion that is gone: it would be for others now.
    """
    judge(member, POLICIES)
    then = PolicyVersion.objects.select_related("policy").filter(policy=policy, id=version_id).first()
    if then is None:
        raise NotFound(_("There is nothing here."))
    if gone_from(then.audience):
        message = _("That version was for somebody who is gone. Edit the policy and choose anew.")
        raise Conflict(message, code="audience_gone")
    told = {field: getattr(then, field) for field in KEPT if field != "name"}
    return publish_policy(member=member, policy=policy, name=then.named, version=version, **told)


def publish_brand(
    *,
    member: Membership | None = None,
    voice_and_tone: str = "",
    style: str = "",
    restrictions: Sequence[str] = (),
    version: int | None = None,
) -> Brand:
    """Say how the organization speaks; keeps what was published as a BrandVersion.

    The first time makes the one brand there is; until then its version is 0.
    """
    by = judge(member, POLICIES)
    wanted = brand_fields(voice_and_tone=voice_and_tone, style=style, restrictions=restrictions)
    with tenant_atomic():
        row = _held_brand(version)
        changed = apply(row, wanted)
        if row.version and not changed:
            return row
        row.version += 1
        row.save()
        BrandVersion.objects.create(number=row.version, published_by=by, **wanted)
        announce("published", "brand", row, changed=changed)
    return row


def keep_value(
    *,
    member: Membership | None = None,
    value: Value | None = None,
    title: str,
    description: str,
    position: int | None = None,
    version: int | None = None,
) -> Value:
    """Add a value, or change `value`."""
    judge(member, POLICIES)
    wanted = value_fields(title=title, description=description)
    with tenant_atomic():
        row = hold(Value.objects.all(), value.id, version) if value else Value(version=0)
        if position is not None or value is None:
            wanted["position"] = Value.objects.count() if position is None else position
        changed = apply(row, wanted)
        if changed:
            row.version += 1
            row.save()
            announce("kept", "value", row, title=row.title, changed=changed)
    return row


def drop_value(*, member: Membership | None = None, value: Value, version: int | None = None) -> None:
    """Companions are no longer told this; the prompts of earlier answers keep it."""
    judge(member, POLICIES)
    with tenant_atomic():
        row = hold(Value.objects.all(), value.id, version)
        announce("dropped", "value", row, title=row.title)
        row.delete()


def move_value(*, member: Membership | None = None, value: Value, up: bool) -> None:
    """One place towards the first (`up`) or the last; the order is that of the prompts."""
    judge(member, POLICIES)
    with tenant_atomic():
        rows = list(Value.objects.select_for_update().order_by("position", "created_at"))
        before = [row.id for row in rows]
        if value.id not in before:
            raise NotFound(_("There is nothing here."))
        at = before.index(value.id)
        to = min(max(at + (-1 if up else 1), 0), len(rows) - 1)
        rows.insert(to, rows.pop(at))
        _number(rows)
        if to != at:
            announce("moved", "value", rows[to], title=rows[to].title, position=to)


def _number(rows: Sequence[Value]) -> None:
    for position, row in enumerate(rows):
        if row.position != position:
            row.position, row.version = position, row.version + 1
            row.save(update_fields=["position", "version", "updated_at"])


def _held_brand(version: int | None) -> Brand:
    """The one brand, locked; made empty at version 0 if there is none, by one of many at once."""
    rows = Brand.objects.select_for_update()  # by the one rule, as who makes it: on MariaDB an order of locks
    found = rows.first()
    if found is None:
        Brand.objects.bulk_create([Brand(version=0)], ignore_conflicts=True)
        found = rows.get()
    return hold(Brand.objects.all(), found.id, version)
