"""What all companions inherit: values, policies and the brand. The very next answer follows a change.

`member=None` is Humana itself (a seed, an operator with the organization in hand). Giving
`version` makes an edit fail with StaleVersion when somebody else was quicker. What changes nothing
leaves no version and no line in the trail.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from companions.models import Brand, BrandVersion, Policy, PolicyVersion, Value
from companions.permissions import POLICIES
from companions.services.editing import announce, apply, hold, judge, line
from humana.kernel.errors import Invalid
from humana.kernel.text import clean_text
from tenants.models import Membership
from tenants.transactions import tenant_atomic

MOST_RESTRICTIONS = 20


def publish_policy(
    *,
    member: Membership | None = None,
    policy: Policy | None = None,
    name: str,
    regulation: str,
    requirement: str,
    active: bool = True,
    position: int | None = None,
    version: int | None = None,
) -> Policy:
    """Put a policy in force, or change `policy`; keeps what was published as a PolicyVersion."""
    by = judge(member, POLICIES)
    wanted: dict[str, object] = {
        "name": line(name, field="name", limit=120),
        "regulation": line(regulation, field="regulation", limit=60),
        "requirement": clean_text(requirement, field="requirement", limit=2000).strip(),
        "active": active,
    }
    with tenant_atomic():
        row = hold(Policy.objects.all(), policy.id, version) if policy else Policy(version=0)
        if position is not None or policy is None:
            wanted["position"] = Policy.objects.count() if position is None else position
        changed = apply(row, wanted)
        if not changed:
            return row
        row.version += 1
        row.save()
        PolicyVersion.objects.create(
            policy=row,
            number=row.version,
            regulation=row.regulation,
            requirement=row.requirement,
            active=row.active,
            published_by=by,
        )
        announce("published", "policy", row, name=row.name, regulation=row.regulation, changed=changed)
    return row


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
    wanted = {
        "voice_and_tone": line(voice_and_tone, field="voice_and_tone", limit=400, required=False),
        "style": line(style, field="style", limit=400, required=False),
        "restrictions": _restrictions(restrictions),
    }
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
    wanted: dict[str, object] = {
        "title": line(title, field="title", limit=80),
        "description": line(description, field="description", limit=400),
    }
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


def _held_brand(version: int | None) -> Brand:
    """The one brand, locked; made empty at version 0 if there is none, by one of many at once."""
    found = Brand.objects.first()
    if found is None:
        Brand.objects.bulk_create([Brand(version=0)], ignore_conflicts=True)
        found = Brand.objects.get()
    return hold(Brand.objects.all(), found.id, version)


def _restrictions(texts: Sequence[str]) -> list[str]:
    if len(texts) > MOST_RESTRICTIONS:
        message = _("At most %(limit)d lines.") % {"limit": MOST_RESTRICTIONS}
        raise Invalid(message, field="restrictions", code="too_many")
    return [line(text, field="restrictions", limit=200) for text in texts]
