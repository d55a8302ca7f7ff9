"""An organization carried to another placement while its people work.

    database, schema, audit    the target is made ready, as for a new organization
    carry                      rounds: everything first, then what changed meanwhile, until little does;
                               then writers wait, the last round is read, the new placement is named

Until that commits the organization lives where it was, and `undo` clears the target. From then
on it lives at the target; the source is kept for HUMANA_ROLLBACK_HOURS, and moving back is a move
like any other that finds most rows there already. Afterwards the source is cleared.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from humana.kernel.crypto import associated, derived_key, sign
from humana.kernel.errors import Conflict, Unavailable
from tenants.db import copying
from tenants.db.residence import taken
from tenants.db.unreachable import in_a_sentence
from tenants.models import Isolation, Organization, Placement, PlacementJob
from tenants.services.events import control_event
from tenants.services.placing import places, preparing
from tenants.services.placing.clearing import clear
from tenants.services.placing.jobs import PLANS, Step, alone, begin, finish, progress

log = logging.getLogger(__name__)

#: Rounds before the last one; where people write faster than rows are copied, the last has more to do.
MOST_ROUNDS = 5
#: A round that carried no more rows than this was quick enough to stop people for the next one.
FEW = 200

Rounds = dict[str, copying.Compared]


def move(
    *,
    organization: Organization,
    isolation: str,
    pool: Placement | None = None,
    database: str | None = None,
    later: bool = True,
) -> PlacementJob:
    """Begin to carry the organization to another placement. Raises Conflict where that cannot be.

    Without more it goes back where its rows are kept, or else to a place of its own on our servers.
    `pool` is a certain one; `database` the alias of one that the organization brought.
    """
    with transaction.atomic():
        organization = hold(organization)
        return _begin(organization, pool or _destination(organization, isolation, database), later=later)


def move_back(*, organization: Organization, later: bool = True) -> PlacementJob:
    """Begin to return where the organization came from. Raises Conflict where nothing is kept."""
    with transaction.atomic():
        organization = hold(organization)
        before = kept(organization)
        if not before:
            raise Conflict(_("Nothing is kept where it lived before: choose where to move it."))
        return _begin(organization, before[0], later=later)


def hold(organization: Organization) -> Organization:
    """Read anew, and free for a move until this transaction ends."""
    locked = Organization.objects.select_for_update(of=("self",)).select_related("placement")
    organization = locked.get(id=organization.id)
    _check(organization)
    return organization


def _begin(organization: Organization, target: Placement, *, later: bool) -> PlacementJob:
    _check_target(organization, target)
    active = Organization.objects.filter(id=organization.id, state=Organization.State.ACTIVE)
    active.update(state=Organization.State.MOVING)
    payload = {"from": organization.placement.name, "to": target.name}
    control_event(
        "organization.moving", "organization", organization.id,
        organization_id=organization.id, payload=payload,
    )  # fmt: skip
    return begin(
        kind=PlacementJob.Kind.MOVE,
        organization=organization,
        source=organization.placement,
        target=target,
        later=later,
    )


def undo(*, job: PlacementJob, later: bool = True) -> PlacementJob:
    """Give a move up that has not arrived: the target is cleared. Raises Conflict where it has."""
    with alone(job.id) as mine, transaction.atomic():
        if not mine:
            raise Unavailable(_("A worker is at it. Try again in a moment."))
        job = PlacementJob.objects.select_for_update(of=("self",)).get(id=job.id)
        if job.kind != PlacementJob.Kind.MOVE or job.state not in PlacementJob.LIVE or _arrived(job):
            raise Conflict(_("This move is over: move the organization back instead."), code="move_is_over")
        finish(job, PlacementJob.State.UNDONE)
        _no_longer_moving(job)
        assert job.organization is not None
        return clear(organization=job.organization, placement=job.target, later=later)


def clear_due() -> int:
    """Clear the sources whose rollback window has passed; for the sweep."""
    due = PlacementJob.objects.filter(
        kind=PlacementJob.Kind.MOVE,
        state=PlacementJob.State.DONE,
        keep_until__lte=timezone.now(),
    )
    return sum(_let_go_if_possible(job) for job in due)


def kept(organization: Organization) -> list[Placement]:
    """Where the organization lived before and may go back to at once, the latest first."""
    return [job.source for job in kept_jobs(organization) if job.source is not None]


def kept_jobs(organization: Organization) -> list[PlacementJob]:
    """The moves whose source is still kept, the latest first."""
    moves = PlacementJob.objects.filter(
        organization=organization, kind=PlacementJob.Kind.MOVE, source__isnull=False
    ).exclude(keep_until=None)
    return list(moves.select_related("source").order_by("-created_at"))


def _destination(organization: Organization, isolation: str, database: str | None) -> Placement:
    for placement in kept(organization):
        if placement.isolation == isolation and database in {None, placement.database}:
            return placement
    return places.place_for(organization=organization, isolation=isolation, database=database)


def _check(organization: Organization) -> None:
    if organization.state not in {Organization.State.ACTIVE, Organization.State.SUSPENDED}:
        raise Conflict(_("The organization is being set up, moved or removed: wait until that is over."))
    if _is_busy(organization):
        raise Conflict(_("Another job is at work on this organization: wait until it is over."))


def _is_busy(organization: Organization) -> bool:
    return PlacementJob.objects.filter(organization=organization, state__in=PlacementJob.LIVE).exists()


def _check_target(organization: Organization, target: Placement) -> None:
    if target.id == organization.placement_id:
        raise Conflict(_("The organization lives there already."), code="lives_there")
    if target.isolation == Isolation.ROW:
        if target not in kept(organization):  # its rows are there still: it may always go back to them
            places.require_room(target)
    elif target.organizations.exists():
        raise Conflict(_("This placement belongs to another organization."))
    if organization.zone and target.zone and organization.zone != target.zone:
        raise Conflict(_("Its rows may not leave the zone %(zone)s.") % {"zone": organization.zone})


def _database(job: PlacementJob) -> dict[str, Any]:
    return preparing.make_database(_target(job), _organization(job))


def _schema(job: PlacementJob) -> None:
    preparing.make_schema(_target(job), _organization(job))


def _audit(job: PlacementJob) -> dict[str, Any]:
    return {"audit": preparing.prove(_target(job), _organization(job))}


def _carry(job: PlacementJob) -> dict[str, Any] | None:
    if _arrived(job):
        return None  # cut off between the commit and the note of it
    with _copying(job) as copy:
        rounds = list(_catch_up(job, copy))
        began = time.monotonic()
        with taken(_organization(job).at(_source(job))) as nobody_wrote:
            _arrive(job, _synchronise(job, copy), nobody_wrote)
        return {"rounds": rounds, "freeze_ms": round((time.monotonic() - began) * 1000)}


def _catch_up(job: PlacementJob, copy: copying.Copy) -> Iterator[dict[str, Any]]:
    """Rounds while people write, until one had little to carry."""
    for _round in range(MOST_ROUNDS):
        began = time.monotonic()
        carried = sum(one.changed for one in _synchronise(job, copy).values())
        yield {"rows": carried, "seconds": round(time.monotonic() - began, 3)}
        if carried <= FEW:
            return


@contextmanager
def _copying(job: PlacementJob) -> Iterator[copying.Copy]:
    organization, source, target = _organization(job), _source(job), _target(job)
    _same_level(source, target)
    with (
        in_a_sentence(),
        copying.both_sides(organization.at(source), organization.at(target)) as (here, there),
    ):
        yield copying.Copy(here, there)


def _synchronise(job: PlacementJob, copy: copying.Copy) -> Rounds:
    return copy.synchronise(tell=lambda done, total: progress(job, done, total))


def _arrive(job: PlacementJob, outcome: Rounds, nobody_wrote: Callable[[], None]) -> None:
    """From the commit of this on the organization lives at the target."""
    organization, source, target = _organization(job), _source(job), _target(job)
    with transaction.atomic():
        Organization.objects.filter(id=organization.id).update(placement=target)
        _no_longer_moving(job)
        Placement.objects.filter(id=target.id).update(state=Placement.State.READY)
        if source.isolation != Isolation.ROW:
            Placement.objects.filter(id=source.id).update(state=Placement.State.CLOSED)
        PlacementJob.objects.filter(organization=organization, source=target).update(keep_until=None)
        job.keep_until = timezone.now() + timedelta(hours=settings.HUMANA_ROLLBACK_HOURS)
        job.report = {**job.report, **_told_of(outcome)}
        job.save(update_fields=["keep_until", "report", "updated_at"])
        _into_the_trail(job)
        nobody_wrote()


def _into_the_trail(job: PlacementJob) -> None:
    told = {
        "job": str(job.id),
        "from": _source(job).name,
        "to": _target(job).name,
        "rows": job.report["rows"],
        "tables": job.report["tables"],
    }
    text = json.dumps(told, sort_keys=True)
    signature = sign(associated("organization.moved", job.slug, text), key=derived_key("placement-report"))
    control_event(
        "organization.moved",
        "organization",
        _organization(job).id,
        organization_id=_organization(job).id,
        payload={**told, "signature": signature},
    )


def _told_of(outcome: Rounds) -> dict[str, Any]:
    tables = {name: {"rows": one.rows, "digest": one.digest} for name, one in outcome.items()}
    return {"rows": sum(one.rows for one in outcome.values()), "tables": tables}


def _let_go_if_possible(job: PlacementJob) -> int:
    """One that cannot be cleared keeps no other, and none of the jobs that wait for this sweep."""
    try:
        return _let_go(job.id)
    except Exception:
        log.exception("source not let go", extra={"job": str(job.id)})
        return 0


def _let_go(job_id: Any) -> int:
    with transaction.atomic():
        job = PlacementJob.objects.select_for_update(of=("self",)).get(id=job_id)
        if job.keep_until is None or job.organization is None or job.source is None:
            return 0
        if _is_busy(job.organization):
            return 0  # perhaps on its way back there
        PlacementJob.objects.filter(id=job_id).update(keep_until=None)
        clear(organization=job.organization, placement=job.source)
    return 1


def _same_level(source: Placement, target: Placement) -> None:
    source.refresh_from_db(fields=["migrated"])
    target.refresh_from_db(fields=["migrated"])
    if source.migrated != target.migrated:
        raise Unavailable(
            _("The placements are not migrated alike. Run migrate_placements; then it goes on by itself."),
            retry_after=60,
        )


def _arrived(job: PlacementJob) -> bool:
    return Organization.objects.filter(id=_organization(job).id, placement=_target(job)).exists()


def _no_longer_moving(job: PlacementJob) -> None:
    moving = Organization.objects.filter(id=_organization(job).id, state=Organization.State.MOVING)
    moving.update(state=Organization.State.ACTIVE)


def _organization(job: PlacementJob) -> Organization:
    assert job.organization is not None
    return job.organization


def _source(job: PlacementJob) -> Placement:
    assert job.source is not None
    return job.source


def _target(job: PlacementJob) -> Placement:
    assert job.target is not None
    return job.target


STEPS = (
    Step("database", _database),
    Step("schema", _schema),
    Step("audit", _audit),
    Step("carry", _carry),
)
PLANS[PlacementJob.Kind.MOVE] = lambda: STEPS
