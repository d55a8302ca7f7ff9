"""Reads of the control plane. What runs before a context exists is here, and only here."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db.models import Count, F, IntegerField, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from humana.kernel.errors import NotAllowed, NotFound
from tenants.context import CONTROL_PLANE, TenantContext, current_tenant
from tenants.joins import member_by_slug
from tenants.models import (
    ApiKey,
    Invitation,
    Isolation,
    Membership,
    Organization,
    OrganizationSlug,
    Placement,
    PlacementJob,
    Position,
    Role,
    SupportSession,
    Team,
    User,
)
from tenants.models.organizations import slug_rule

Row = TypeVar("Row", bound=Model)
#: States of an organization that has no tables yet, or may have none any more.
_WITHOUT_ROWS = (Organization.State.PROVISIONING, Organization.State.REMOVING)
#: As many signed reports as a page lists.
MOST_REPORTS = 20


def context_of(organization_id: uuid.UUID) -> TenantContext:
    """The context to enter an organization with; NotFound if it is gone."""
    organization = Organization.objects.select_related("placement").filter(id=organization_id).first()
    if organization is None:
        raise NotFound("no such organization")
    return organization.context


def further_of(context: TenantContext) -> list[TenantContext]:
    """The organization in each of its further placements that are ready, the oldest first."""
    if not context.mixed:
        return []
    rows = Placement.objects.filter(further_of_id=context.organization_id, state=Placement.State.READY)
    return [context.further(row.ref) for row in rows.order_by("id")]


def placement_names(context: TenantContext) -> dict[uuid.UUID, str]:
    """The names of a mixed organization's placements, the main one first; of any other, nothing."""
    if not context.mixed:
        return {}
    places = [context.home.placement.id, *(one.placement.id for one in further_of(context))]
    names = dict(Placement.objects.filter(id__in=places).values_list("id", "name"))
    return {one: names[one] for one in places if one in names}


def context_where(organization_id: uuid.UUID, placement_id: uuid.UUID) -> TenantContext:
    """The organization in that placement of its own; in its main one where it has no such placement."""
    main = context_of(organization_id)
    found = (one for one in further_of(main) if one.placement.id == placement_id)
    return next(found, main)


def contexts_in(*, alias: str, schema: str | None) -> list[TenantContext]:
    """Every organization with rows in one schema of one database: those kept for a way back too.

    For what brings the rows up to date, so that nobody is turned away for being behind. Without a schema,
    the one placement that a database of another kind holds.
    """
    rows = Placement.objects.select_related("further_of__placement").filter(database=alias)
    place = (rows if schema is None else rows.filter(schema_name=schema)).first()
    if place is None:
        return []
    here = [one.at(place) for one in Organization.objects.filter(_stored_in(place)).order_by("id")]
    if place.further_of is not None:
        here.append(place.further_of.context.further(place.ref))
    return [replace(one, placement=replace(one.placement, behind=False)) for one in here]


def _stored_in(place: Placement) -> Q:
    """Who lives there, may go back there, or is on the way there."""
    kept = PlacementJob.objects.filter(source=place).exclude(keep_until=None)
    moves = PlacementJob.objects.filter(kind=PlacementJob.Kind.MOVE, state__in=PlacementJob.LIVE)
    arriving = moves.filter(target=place)
    return (
        Q(placement=place) | Q(id__in=kept.values("organization")) | Q(id__in=arriving.values("organization"))
    )


def context_at(alias: str) -> TenantContext | None:
    """The organization whose own database has this alias, in its rows of the control plane only.

    It lives there or keeps companions there; or it did, or is about to: jobs name where a way back is
    kept, where a move leads, and what is being cleared.
    """
    here = list(Placement.objects.filter(database=alias).values_list("id", flat=True))
    jobs = PlacementJob.objects.filter(Q(source__in=here) | Q(target__in=here))
    own = Q(placement__in=here) | Q(further_placements__in=here) | Q(id__in=jobs.values("organization"))
    row = Organization.objects.select_related("placement").filter(own).order_by("id").first()
    return replace(row.context, placement=CONTROL_PLANE) if row else None


def working_organizations() -> Iterator[TenantContext]:
    """Every organization that is set up and stays, in each of its placements; for seldom visits."""
    rows = Organization.objects.select_related("placement").exclude(state__in=_WITHOUT_ROWS)
    return _everywhere(rows.order_by("id"))


def contexts_by_slug(slug: str | None = None) -> list[TenantContext]:
    """The organization at that address, or all, in each of their placements; for operators' commands."""
    rows = Organization.objects.select_related("placement").order_by("slug")
    if slug is None:
        rows = rows.exclude(state__in=_WITHOUT_ROWS)
    else:
        rows = rows.filter(slug=slug) if _is_slug(slug) else rows.none()
    return list(_everywhere(rows))


def called(context: TenantContext) -> str:
    """The organization's address; in a further placement with its name. For operators' commands."""
    if context.main is None:
        return context.slug
    name = Placement.objects.filter(id=context.placement.id).values_list("name", flat=True).first()
    return f"{context.slug} ({name or context.placement.schema})"


def _everywhere(rows: QuerySet[Organization]) -> Iterator[TenantContext]:
    """Read at once: whoever visits a database elsewhere gives the connection of a cursor away."""
    contexts = [row.context for row in rows]
    return (place for one in contexts for place in (one, *further_of(one)))


def membership_at(*, user: User, slug: str) -> Membership:
    """The member behind a page's address.

    An unknown address and somebody else's organization raise the same NotAllowed.
    """
    member = member_by_slug(user.id, slug) if _is_slug(slug) else None
    if member is None or not may_enter(member):
        raise NotAllowed("not a member of this organization", code="not_a_member")
    return member


def may_enter(member: Membership) -> bool:
    """Active member of an organization that works. Read at every request."""
    closed = {Organization.State.SUSPENDED, Organization.State.REMOVING, Organization.State.PROVISIONING}
    return (
        member.state == Membership.State.ACTIVE
        and member.organization.state not in closed
        and member.user.is_active
    )


def memberships_of(user: User) -> QuerySet[Membership]:
    """Where this person may work, by organization name."""
    rows = _memberships().filter(user=user, state=Membership.State.ACTIVE)
    return rows.filter(organization__state__in=["active", "moving"]).order_by("organization__name")


def current_slug(former: str) -> str | None:
    """The address an organization has now, given one it had before."""
    rows = OrganizationSlug.objects.select_related("organization").filter(slug=former)
    row = rows.first() if _is_slug(former) else None
    return row.organization.slug if row else None


def _is_slug(text: str) -> bool:
    """Hostile text never reaches SQL, which cannot carry every character."""
    try:
        slug_rule(text)
    except ValidationError:
        return False
    return True


def keys_of(organization: Organization) -> QuerySet[ApiKey]:
    """The organization's keys, revoked ones too, and whose they are."""
    return organization.api_keys.select_related("membership__user")


def keys_of_member(member: Membership) -> QuerySet[ApiKey]:
    """A member's own keys here, revoked ones too."""
    return ApiKey.objects.select_related("membership__user").filter(membership=member)


def is_team(organization_id: uuid.UUID, team_id: uuid.UUID) -> bool:
    """Whether that is a team of this organization. Runs inside its context."""
    return Team.objects.filter(organization_id=organization_id, id=team_id).exists()


def teams() -> QuerySet[Team]:
    """The teams of the organization we are in, by name."""
    return Team.objects.filter(organization_id=current_tenant().organization_id).order_by("name", "id")


def positions() -> QuerySet[Position]:
    """Its positions, from the top."""
    rows = Position.objects.filter(organization_id=current_tenant().organization_id)
    return rows.order_by("level", "title", "id")


def members() -> QuerySet[Membership]:
    """Everybody in it with their person, suspended ones too; for who manages members."""
    rows = Membership.objects.select_related("user", "team", "position")
    return rows.filter(organization_id=current_tenant().organization_id).order_by("id")


def find_members(*, q: str, role: str, team: str, state: str, emails: bool) -> QuerySet[Membership]:
    """Of everybody those that fit, by name; `emails` are searched for who may read them. What nobody could
    have fits nobody.
    """
    rows = _with_role(members()).order_by("user__name", "user__email")
    if "\x00" in q + role + state:
        return rows.none()
    if q.strip():
        found = Q(user__name__icontains=q.strip())
        rows = rows.filter(found | Q(user__email__icontains=q.strip()) if emails else found)
    rows = rows.filter(role=role) if role else rows
    rows = rows.filter(state=state) if state else rows
    return _of_team(rows, team) if team else rows


def _of_team(rows: QuerySet[Membership], team: str) -> QuerySet[Membership]:
    try:
        return rows.filter(team_id=uuid.UUID(team))
    except ValueError:
        return rows.none()


def invitations_of() -> QuerySet[Invitation]:
    """Those of the organization we are in, the latest first."""
    rows = Invitation.objects.select_related("team", "position", "invited_by")
    return rows.filter(organization_id=current_tenant().organization_id).order_by("-id")


def access_invitation(*, member: Membership, invitation_id: uuid.UUID) -> Invitation:
    """One invitation; NotFound for another organization's."""
    return _found(invitations_of().filter(id=invitation_id), member)


def access_team(*, member: Membership, team_id: uuid.UUID) -> Team:
    """One team; NotFound for another organization's."""
    return _found(teams().filter(id=team_id), member)


def access_position(*, member: Membership, position_id: uuid.UUID) -> Position:
    """One position; NotFound for another organization's."""
    return _found(positions().filter(id=position_id), member)


def access_member(*, member: Membership, member_id: uuid.UUID) -> Membership:
    """One member with their person; NotFound for another organization's."""
    return _found(_with_role(members()).filter(id=member_id), member)


def _with_role(rows: QuerySet[Membership]) -> QuerySet[Membership]:
    """What an organization's own role is called is read along."""
    own = Role.objects.filter(organization=OuterRef("organization"), slug=OuterRef("role"))
    return rows.annotate(own_role=Subquery(own.values("name")[:1]))


def _found(rows: QuerySet[Row], member: Membership) -> Row:
    """Nothing here is anything of a member of another organization."""
    ours = member.organization_id == current_tenant().organization_id
    row = rows.first() if ours else None
    if row is None:
        raise NotFound(_("There is nothing here."))
    return row


def time_zone_of(organization_id: uuid.UUID) -> str:
    """The name of the zone whose days the organization has; empty where it is gone."""
    found = Organization.objects.filter(id=organization_id).values_list("time_zone", flat=True).first()
    return found or ""


def roles_of(organization: Organization) -> QuerySet[Role]:
    """The roles an organization made for itself. Runs inside its context."""
    return organization.roles.order_by("name")


def access_role(*, member: Membership, role_id: uuid.UUID) -> Role:
    """One of the organization's own roles; NotFound for another organization's."""
    return _found(Role.objects.filter(organization_id=member.organization_id, id=role_id), member)


def organizations_like(text: str) -> QuerySet[Organization]:
    """Organizations whose name or address contains the text, by name; for operators."""
    rows = Organization.objects.select_related("placement").order_by("name", "id")
    return rows.filter(Q(name__icontains=text) | Q(slug__icontains=text)) if text else rows


def pools_with_room(*, besides: Placement) -> list[Placement]:
    """Pools that take one more organization, by name, without this placement."""
    pools = Placement.objects.filter(isolation=Isolation.ROW, state=Placement.State.READY)
    return list(with_room(pools.exclude(id=besides.id)).order_by("name"))


def with_room(pools: QuerySet[Placement]) -> QuerySet[Any]:
    """Those that take one more; `used` counts who is in each, and who is on the way there."""
    organizations = Organization.objects.filter(placement=OuterRef("pk"))
    moves = PlacementJob.objects.filter(
        kind=PlacementJob.Kind.MOVE, state__in=PlacementJob.LIVE, target=OuterRef("pk")
    ).exclude(organization__placement=OuterRef("pk"))  # arrived, and not noted yet
    counted = pools.annotate(used=_number_of(organizations, "placement") + _number_of(moves, "target"))
    return counted.filter(Q(capacity=None) | Q(used__lt=F("capacity")))


def _number_of(rows: QuerySet[Any], by: str) -> Coalesce:
    counted = rows.order_by().values(by).annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def pools() -> QuerySet[Placement]:
    """The pools that are ready, by name, with how many organizations are in each (`used`)."""
    ready = Placement.objects.filter(isolation=Isolation.ROW, state=Placement.State.READY)
    return ready.annotate(used=Count("organizations")).order_by("name")


def open_support_session(
    *, operator: User, organization: Organization, at: datetime | None = None
) -> SupportSession | None:
    """The operator's running support session in this organization. Runs inside its context."""
    rows = SupportSession.objects.filter(operator=operator, organization=organization, ended_at=None)
    return rows.filter(expires_at__gt=at or timezone.now()).first()


def people_named(user_ids: set[uuid.UUID]) -> dict[uuid.UUID, User]:
    """Names for ids that tenant rows carry; one query for a whole page."""
    return User.objects.in_bulk(list(user_ids))


def report_file(job_id: uuid.UUID) -> str:
    """The name of a job's signed report, among the files of its organization."""
    return f"reports/{job_id.hex}.json"


def reports_of(*, member: Membership) -> list[PlacementJob]:
    """The latest jobs on the organization whose signed report is among its files."""
    rows = PlacementJob.objects.filter(organization=member.organization).exclude(finished_at=None)
    latest = rows.select_related("source", "target").order_by("-finished_at")[:MOST_REPORTS]
    return [job for job in latest if default_storage.exists(report_file(job.id))]


def signed_report(job_id: uuid.UUID) -> bytes:
    """The report, as JSON with its signature; NotFound where the organization we are in has none."""
    try:
        with default_storage.open(report_file(job_id)) as file:
            found: bytes = file.read()
    except FileNotFoundError:
        raise NotFound(_("There is nothing here.")) from None
    return found


def _memberships() -> QuerySet[Membership]:
    return Membership.objects.select_related("user", "organization__placement")
