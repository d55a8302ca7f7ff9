"""Reads of companions and of what they inherit. All inside the organization's context."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from companions.audience import applies, names_teams
from companions.models import Brand, BrandVersion, Companion, Policy, PolicyVersion, PromptSnapshot, Value
from companions.permissions import EDIT, POLICIES, READ
from companions.prompts import BasePrompt, Inheritance, InheritedBrand, InheritedPolicy, InheritedValue
from humana.kernel.errors import NotFound
from tenants.context import TenantContext, current_tenant
from tenants.models import Membership, Placement, Team
from tenants.permissions import allowed, require
from tenants.places import at_main, go_where, without_row_security
from tenants.statements import Rows, Statement, instances, select, send

Row = TypeVar("Row", bound=Model)
Heritage = tuple[Rows, Rows, Rows]
_BY_POSITION = ("position", "created_at")
#: What of each goes into prompts, in the order of its Inherited…; a policy's audience only decides whether.
_VALUE = ("id", "version", "title", "description")
_POLICY = ("id", "version", "regulation", "requirement", "name", "mode", "checks", "audience")
_BRAND = ("id", "version", "voice_and_tone", "style", "restrictions")


def companions_for(*, member: Membership) -> QuerySet[Companion]:
    """The companions a member can talk to now, by name; none for who may not see companions."""
    if not (_belongs(member) and allowed(member, READ.name)):
        return Companion.objects.none()
    return Companion.objects.filter(state=Companion.State.ACTIVE).order_by("name", "id")


def companion_names() -> dict[uuid.UUID, str]:
    """See the port of this name."""
    with at_main():
        return dict(Companion.everything.values_list("id", "name"))


def names_and_slugs(ids: Iterable[uuid.UUID], slugs: Iterable[str]) -> list[tuple[uuid.UUID, str, str]]:
    """Id, short name and name of those that are meant, of all placements, removed ones too."""
    with at_main():
        meant = Companion.everything.filter(Q(id__in=list(ids)) | Q(slug__in=list(slugs)))
        return list(meant.values_list("id", "slug", "name"))


def paused_companions() -> QuerySet[Companion]:
    """Those nobody can ask at the moment; for whoever edits companions."""
    return Companion.objects.filter(state=Companion.State.PAUSED).order_by("name")


def access_companion(*, member: Membership, companion_id: uuid.UUID) -> Companion:
    """One companion, paused ones too: their chats stay readable.

    NotFound for a removed one, another organization's, and a member of another organization alike;
    NotAllowed for a member without the right to see companions.
    """
    return _access(Companion.objects.filter(id=companion_id), member, READ.name)


def access_kept_companion(*, member: Membership, companion_id: uuid.UUID) -> Companion:
    """One companion, also one that was removed and can be restored; for who may edit them."""
    return _access(Companion.everything.filter(id=companion_id), member, EDIT.name)


def access_companion_by_slug(*, member: Membership, slug: str) -> Companion:
    """The same, by its address."""
    return _access(Companion.objects.filter(slug=slug), member, READ.name)


def access_policy(*, member: Membership, policy_id: uuid.UUID) -> Policy:
    """One policy, for who may edit them."""
    return _access(Policy.objects.filter(id=policy_id), member, POLICIES.name)


def access_policy_version(*, member: Membership, policy: Policy, text: str) -> PolicyVersion:
    """One version of a policy, by its id as somebody wrote it."""
    try:
        wanted = uuid.UUID(text)
    except ValueError:
        raise NotFound(_("There is nothing here.")) from None
    rows = PolicyVersion.objects.select_related("policy").filter(policy=policy, id=wanted)
    return _access(rows, member, POLICIES.name)


def policies() -> QuerySet[Policy]:
    """All policies in the order in which companions are told them; for who may edit them."""
    return Policy.objects.order_by("position", "created_at")


def version_now(policy: Policy | None) -> int:
    """The version that is published at this moment; 0 for a policy that is not yet."""
    return Policy.objects.values_list("version", flat=True).get(id=policy.id) if policy else 0


def policy_versions(policy: Policy) -> QuerySet[PolicyVersion]:
    """What was published of it, the latest first; the policy was loaded through who may edit it."""
    return PolicyVersion.objects.select_related("policy").filter(policy=policy).order_by("-number")


def values() -> QuerySet[Value]:
    """All values in the order in which companions are told them; for who may edit them."""
    return Value.objects.order_by("position", "created_at")


def access_value(*, member: Membership, value_id: uuid.UUID) -> Value:
    """One value, for who may edit them."""
    return _access(Value.objects.filter(id=value_id), member, POLICIES.name)


def the_brand() -> Brand | None:
    """The organization's one brand, if it has been written."""
    return Brand.objects.first()


def brand_versions() -> QuerySet[BrandVersion]:
    """What was published of the brand, the latest first; for who may edit it."""
    return BrandVersion.objects.order_by("-number")


def inheritance(companion: Companion) -> Inheritance:
    """What goes into the companion's system prompt now."""
    return inherited(companion, heritage())


def heritage() -> Heritage:
    """What every companion inherits now, read in the main placement wherever the companion lives."""
    with at_main():
        values, policies, brand = send(*_heritage())
    return values, policies, brand


def heritage_of(values: Iterable[Value], policies: Iterable[Policy], brand: Brand | None) -> Heritage:
    """The same of rows in hand, saved or not, as it would be were they all there is."""
    in_force = (one for one in policies if one.active)
    return (
        _columns(sorted(values, key=_place), _VALUE),
        _columns(sorted(in_force, key=_place), _POLICY),
        _columns([brand] if brand else [], _BRAND),
    )


def _place(row: Any) -> tuple[int, datetime]:
    return row.position, row.created_at or timezone.now()


def _columns(rows: Iterable[Model], names: tuple[str, ...]) -> Rows:
    return [tuple(getattr(row, name) for name in names) for row in rows]


def inherited(
    companion: Companion, from_main: Heritage, *, chain: Sequence[uuid.UUID] | None = None
) -> Inheritance:
    """The same as `inheritance`, of what was read already; `chain` is its `team_chain`, if that was too."""
    return _inherited(companion, *from_main, chain=chain)


def place_of_companion(companion_id: uuid.UUID) -> uuid.UUID | None:
    """The placement where the companion is stored whole; None for one that is not known here."""
    return _stored(Companion.everything.filter(id=companion_id))


def place_of_slug(slug: str) -> uuid.UUID | None:
    """The same, by the companion's address."""
    return _stored(Companion.everything.filter(slug=slug))


def _stored(rows: QuerySet[Companion]) -> uuid.UUID | None:
    found = list(rows.values_list("placement_id", flat=True)[:1])
    return (found[0] or current_tenant().placement.id) if found else None


def silent_companions(silent: Iterable[TenantContext]) -> list[str]:
    """The names of companions whose placement does not answer, for a line to the reader."""
    places = [place.placement.id for place in silent]
    if not places:
        return []
    with at_main():
        rows = Companion.objects.filter(placement_id__in=places).order_by("name")
        return list(rows.values_list("name", flat=True))


def placement_of(companion: Companion) -> Placement | None:
    """Where a companion is stored that was read in the current placement."""
    here = companion.placement_id or current_tenant().placement.id
    return Placement.objects.filter(id=here).first()


@dataclass(frozen=True, slots=True)
class Residence:
    """A companion's entry and the placement it is stored in; None where that is gone.

    `filtered` says that its database has no row-level security: the application's filter remains.
    """

    companion: Companion
    placement: Placement | None
    further: bool
    filtered: bool


def residences() -> list[Residence]:
    """Every companion by name with its placement, paused ones too; for who manages the organization."""
    main = current_tenant().home.placement.id
    with at_main():
        found = list(Companion.objects.order_by("name", "id"))
    stored = {one.placement_id or main for one in found}
    known = Placement.objects.in_bulk(stored)
    filtered = {place.placement.id for place in without_row_security()}
    return [
        Residence(one, known.get(here), one.placement_id is not None, here in filtered)
        for one in found
        for here in [one.placement_id or main]
    ]


def access_asked(*, member: Membership, slug: str) -> tuple[Companion, Inheritance]:
    """The companion at that address with what it inherits, read together; raises as `access_companion`.

    Asked in the main placement; the current block goes on where the companion lives.
    """
    _may(member, READ.name)
    found, *from_main = send(select(Companion, slug=slug), *_heritage())
    if not found:
        raise NotFound(_("There is nothing here."))
    companion: Companion = instances(Companion, found)[0]
    if companion.placement_id is not None:
        go_where({"companion_id": companion.id})
        companion = access_companion(member=member, companion_id=companion.id)
    return companion, _inherited(companion, *from_main)


def _heritage() -> tuple[Statement, ...]:
    """Text and version come from one row each, so provenance is exact even while somebody publishes."""
    return (
        select(Value, *_VALUE, order=_BY_POSITION),
        select(Policy, *_POLICY, active=True, order=_BY_POSITION),
        select(Brand, *_BRAND),
    )


def _inherited(
    companion: Companion,
    values: Rows,
    policies: Rows,
    brand: Rows,
    *,
    chain: Sequence[uuid.UUID] | None = None,
) -> Inheritance:
    return Inheritance(
        companion=BasePrompt(companion.id, companion.version, companion.base_prompt, companion.language),
        values=tuple(InheritedValue(*row) for row in values),
        policies=tuple(InheritedPolicy(*row[:-1]) for row in _addressed(companion, policies, chain)),
        brand=_brand(brand),
    )


def _addressed(companion: Companion, policies: Rows, chain: Sequence[uuid.UUID] | None) -> Rows:
    """The policies whose audience the companion is in; the tree of teams is read only where it matters."""
    if chain is None:
        chain = team_chain(companion.team_id) if any(names_teams(row[-1]) for row in policies) else ()
    return [row for row in policies if applies(row[-1], companion.id, chain, companion.position_id)]


def team_chain(team_id: uuid.UUID | None) -> tuple[uuid.UUID, ...]:
    """A team and all above it, the nearest first; a circle ends where it began."""
    if team_id is None:
        return ()
    rows = Team.objects.filter(organization_id=current_tenant().organization_id)
    above = dict(rows.values_list("id", "parent_id"))
    chain: list[uuid.UUID] = []
    at: uuid.UUID | None = team_id
    while at is not None and at not in chain:
        chain.append(at)
        at = above.get(at)
    return tuple(chain)


def _brand(found: Rows) -> InheritedBrand | None:
    for key, version, voice_and_tone, style, restrictions in found:
        return InheritedBrand(key, version, voice_and_tone, style, tuple(str(one) for one in restrictions))
    return None


@dataclass(frozen=True, slots=True)
class Told:
    """What an answer's prompt was made of, found again by its provenance.

    Policies and brand as they were published then; values as they are now, without those dropped.
    """

    values: list[Value]
    policies: list[PolicyVersion]
    brand: BrandVersion | None


def told(provenance: Mapping[str, Any]) -> Told:
    """Look up a run's provenance; an empty one was told nothing."""
    values = [one["id"] for one in provenance.get("values", ())]
    policies = {one["id"]: one["version"] for one in provenance.get("policies", ())}
    brand = provenance.get("brand")
    with at_main():
        return _told(values, policies, brand)


def _told(values: list[str], policies: dict[str, int], brand: Mapping[str, Any] | None) -> Told:
    versions = PolicyVersion.objects.select_related("policy").filter(policy_id__in=policies)
    versions = versions.order_by("policy__position", "policy__created_at")
    return Told(
        values=list(Value.objects.filter(id__in=values)),
        policies=[one for one in versions if one.number == policies[str(one.policy_id)]],
        brand=BrandVersion.objects.filter(number=brand["version"]).first() if brand else None,
    )


def prompt_text(digest: str) -> str | None:
    """The system prompt behind a run's `prompt_digest`; None where none was kept."""
    snapshot = PromptSnapshot.objects.filter(digest=digest).first()
    return snapshot.text if snapshot else None


def _access(rows: QuerySet[Row], member: Membership, permission: str) -> Row:
    _may(member, permission)
    row = rows.first()
    if row is None:
        raise NotFound(_("There is nothing here."))
    return row


def _may(member: Membership, permission: str) -> None:
    if not _belongs(member):
        raise NotFound(_("There is nothing here."))
    require(member, permission)


def _belongs(member: Membership) -> bool:
    return member.organization_id == current_tenant().organization_id
