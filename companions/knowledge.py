"""Reads of knowledge and capabilities, each through "is this companion, or this person, told it?".

All of it is kept in the main placement, wherever a companion lives. Rules and the structure are read at
the time of use: what moved a moment ago counts.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import TypeVar

from django.db.models import Count, Model, Q, QuerySet
from django.utils.translation import gettext as _

from companions.models import (
    Capability,
    CapabilityGrant,
    Companion,
    KnowledgeAsset,
    KnowledgeVersion,
    SharedUse,
    SharingRule,
)
from companions.network import structure
from companions.permissions import CAPABILITIES, KNOWLEDGE, READ
from companions.sharing import NOBODY, Item, Reach, around
from humana.kernel.errors import NotFound
from tenants.context import current_tenant
from tenants.models import Membership
from tenants.permissions import allowed, require
from tenants.places import at_main

Row = TypeVar("Row", bound=Model)


def reach_of(companion: Companion) -> Reach:
    """What a companion is told now."""
    return _reach(companion.team_id, companion.id)


def reach_of_member(member: Membership, editing: str = KNOWLEDGE.name) -> Reach:
    """What a person is told now; all of it with the permission to edit it."""
    if member.organization_id != current_tenant().organization_id:
        raise NotFound(_("There is nothing here."))
    found = _reach(member.team_id, member.id)
    return replace(found, all=allowed(member, editing), no_common=False)


def _reach(team_id: uuid.UUID | None, whose_id: uuid.UUID) -> Reach:
    with at_main():
        found = list(SharingRule.objects.filter(whose_id=whose_id).values_list("aim_id", "allow"))
        line, department = around(team_id, structure()) if team_id else (NOBODY, NOBODY)
    denied = frozenset(aim for aim, allow in found if not allow)
    return Reach(
        line=line,
        department=department,
        allowed=frozenset(aim for aim, allow in found if allow),
        denied=denied,
        no_common=whose_id in denied,
    )


def told(reach: Reach, author_id: uuid.UUID | None = None) -> Q:
    """The same as `Reach.why`, for the database: the rows are filtered before anything is ranked."""
    if reach.all:
        return Q()
    by_level = (
        Q(level="public")
        | Q(level="department", team_id__in=reach.department)
        | Q(level="team", team_id__in=reach.line)
    )
    if reach.no_common:
        by_level &= ~Q(source=KnowledgeAsset.Source.COMMON)
    mine = Q(author_id=author_id) if author_id else Q(pk__in=())
    return (by_level | Q(id__in=reach.allowed) | mine) & ~Q(id__in=reach.denied)


def assets_for(member: Membership) -> QuerySet[KnowledgeAsset]:
    """What the member may read, by title."""
    return _assets_for(member, KnowledgeAsset.objects.all())


def removed_for(member: Membership) -> QuerySet[KnowledgeAsset]:
    """The same with what was removed and can be brought back."""
    return _assets_for(member, KnowledgeAsset.everything.all())


def _assets_for(member: Membership, rows: QuerySet[KnowledgeAsset]) -> QuerySet[KnowledgeAsset]:
    return rows.filter(told(reach_of_member(member), member.user_id)).order_by("title", "id")


def access_asset(*, member: Membership, asset_id: uuid.UUID, removed: bool = False) -> KnowledgeAsset:
    """One asset that the member may read; any other is missing in just the same way."""
    require(member, READ.name)
    rows = removed_for(member) if removed else assets_for(member)
    return _found(rows.filter(id=asset_id).first())


def access_asset_version(*, asset: KnowledgeAsset, version_id: uuid.UUID) -> KnowledgeVersion:
    """One version of an asset that was loaded through who may read it."""
    return _found(versions_of(asset).filter(id=version_id).first())


def versions_of(asset: KnowledgeAsset) -> QuerySet[KnowledgeVersion]:
    """What it said, the latest first."""
    return KnowledgeVersion.objects.filter(asset=asset).order_by("-number")


def may_edit(member: Membership, asset: KnowledgeAsset) -> bool:
    """Who edits common knowledge, and whoever shared this."""
    return allowed(member, KNOWLEDGE.name) or (
        asset.author_id == member.user_id and asset.source != KnowledgeAsset.Source.COMMON
    )


def capabilities() -> QuerySet[Capability]:
    """All of them, by name; for who may see companions."""
    return Capability.objects.select_related("asset").order_by("name", "id")


def access_capability(*, member: Membership, capability_id: uuid.UUID, removed: bool = False) -> Capability:
    """One capability, for who may edit them."""
    if member.organization_id != current_tenant().organization_id:
        raise NotFound(_("There is nothing here."))
    require(member, CAPABILITIES.name)
    rows = Capability.everything.all() if removed else Capability.objects.all()
    return _found(rows.filter(id=capability_id).first())


def rules_about(aim_id: uuid.UUID) -> QuerySet[SharingRule]:
    """Who is named for an asset or a capability, or kept from it."""
    return SharingRule.objects.select_related("companion").filter(aim_id=aim_id)


def sharing_rules() -> QuerySet[SharingRule]:
    """All that is said of who is told what; for who edits common knowledge."""
    return SharingRule.objects.all()


def access_sharing_rule(*, member: Membership, rule_id: uuid.UUID) -> SharingRule:
    """One of those."""
    if member.organization_id != current_tenant().organization_id:
        raise NotFound(_("There is nothing here."))
    require(member, KNOWLEDGE.name)
    return _found(sharing_rules().filter(id=rule_id).first())


def access_person(member_id: uuid.UUID) -> Membership:
    """Somebody of the organization we are in."""
    here = current_tenant().organization_id
    return _found(Membership.objects.filter(id=member_id, organization_id=here).first())


def knowledge_of(companion: Companion) -> list[KnowledgeAsset]:
    """What a companion is told passages of, by title. For its own page: not what every reader may read."""
    with at_main():
        return list(KnowledgeAsset.objects.filter(told(reach_of(companion))).order_by("title", "id"))


def capabilities_of(companion: Companion) -> list[Capability]:
    """What a companion is given now, by name."""
    reach = reach_of(companion)
    with at_main():
        return [one for one in capabilities() if reach.why(item_of(one))[0]]


def titles_of(ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The titles of those assets that are in this placement."""
    return dict(KnowledgeAsset.objects.filter(id__in=ids).values_list("id", "title"))


def titles() -> list[tuple[uuid.UUID, str]]:
    """Every asset by title, to choose from; for who edits capabilities."""
    with at_main():
        return list(KnowledgeAsset.objects.order_by("title", "id").values_list("id", "title"))


def beneficiaries_counted() -> dict[uuid.UUID, int]:
    """How many companions were given each capability when they were last counted."""
    rows = CapabilityGrant.objects.order_by().values_list("capability_id")
    return dict(rows.annotate(number=Count("id")))


def uses_of(subject_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, int]:
    """How many answers each asset or capability went into; those that went into none are left out."""
    rows = SharedUse.objects.filter(subject_id__in=list(subject_ids)).order_by()
    return dict(rows.values_list("subject_id").annotate(number=Count("id")))


def item_of(row: KnowledgeAsset | Capability) -> Item:
    common = isinstance(row, KnowledgeAsset) and row.source == KnowledgeAsset.Source.COMMON
    return Item(row.id, row.level, row.team_id, common)


def _found(row: Row | None) -> Row:
    if row is None:
        raise NotFound(_("There is nothing here."))
    return row
