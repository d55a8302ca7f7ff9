"""What an organization should do about its endpoints. Each rule is a function, and says its reason.

failing            it does not serve, since when
no_fallback        nothing stands in for its models
no_replica         nothing can be read while its database is away
no_backup          nothing takes what is written while its storage is away
expiring           a certificate, a key or a grant ends soon
slow               the slowest of its probes take long
outside_zone       it is outside the zone that the organization's content does not leave
unheard            telemetry that nothing inside the zone takes is dropped
unvalidated        it was entered and never validated
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, TypeAlias

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from byoc.contracts import Signal

if TYPE_CHECKING:
    from byoc.queries_health import EndpointReport

#: act: something is wrong or will be. consider: it would be better so.
Weight: TypeAlias = Literal["act", "consider"]

SOON = timedelta(days=30)
#: Probes that take longer than this many milliseconds make a service slow.
SLOW = 2_000


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One thing to do, as a sentence in the reader's language."""

    code: str
    weight: Weight
    sentence: str
    endpoint_id: uuid.UUID | None = None


def recommended(
    reports: Sequence[EndpointReport],
    *,
    zone: str,
    at: datetime,
    grants: Iterable[tuple[str, datetime]],
    certificates: timedelta = SOON,
    withheld: Sequence[Signal] = (),
) -> tuple[Recommendation, ...]:
    """What to act on first, then what to consider. `certificates` is how long before its end one for signing
    in is told."""
    found = [
        *_failing(reports),
        *_expiring(reports, at, certificates),
        *_ending(grants, at),
        *_outside(reports, zone),
        *_unheard(withheld, zone),
        *_alone(reports),
        *_slow(reports),
        *_unvalidated(reports),
    ]
    return tuple(sorted(found, key=lambda one: one.weight))


def _failing(reports: Sequence[EndpointReport]) -> Iterator[Recommendation]:
    for one in reports:
        if one.state == "bad":
            told = _("“%(name)s” has not been well since %(since)s: see what it says, and mend it there.")
            since = _told(one.since) if one.since else "—"
            yield Recommendation("failing", "act", told % {"name": one.name, "since": since}, one.id)


def _expiring(
    reports: Sequence[EndpointReport], at: datetime, certificates: timedelta
) -> Iterator[Recommendation]:
    for one in reports:
        before = certificates if one.kind == "identity" else SOON
        if one.expires_at and one.expires_at < at + before:
            told = _("What “%(name)s” proves itself with ends on %(day)s: renew it before.")
            told = told % {"name": one.name, "day": _told(one.expires_at)}
            yield Recommendation("expiring", "act", told, one.id)


def _ending(grants: Iterable[tuple[str, datetime]], at: datetime) -> Iterator[Recommendation]:
    for address, until in grants:
        if until < at + SOON:
            told = _("The leave to dial %(address)s ends on %(day)s: ask an operator to renew it.")
            yield Recommendation("expiring", "act", told % {"address": address, "day": _told(until)})


def _outside(reports: Sequence[EndpointReport], zone: str) -> Iterator[Recommendation]:
    for one in reports:
        if zone and one.zone != zone and one.kind != "identity":
            told = _("“%(name)s” is outside the zone %(zone)s: it serves no content. Choose one inside it.")
            yield Recommendation("outside_zone", "act", told % {"name": one.name, "zone": zone}, one.id)


def _unheard(withheld: Sequence[Signal], zone: str) -> Iterator[Recommendation]:
    if withheld:
        told = _(
            "Of your telemetry this is dropped: %(signals)s. Humana's own monitoring is outside the zone "
            "%(zone)s. Connect one of your own inside it."
        )
        told = told % {"signals": in_words(withheld), "zone": zone}
        yield Recommendation("unheard", "consider", told)


def in_words(signals: Iterable[Signal]) -> str:
    """Signals of telemetry as a person calls them, in the reader's language."""
    words: dict[Signal, str] = {"traces": _("traces"), "metrics": _("numbers"), "logs": _("log lines")}
    return ", ".join(words[one] for one in signals)


def _alone(reports: Sequence[EndpointReport]) -> Iterator[Recommendation]:
    """What nothing stands in for."""
    serving = [one for one in reports if one.in_use in {"active", "ready"}]
    has = {(one.kind, one.role) for one in serving}
    if _active(reports, "llm", {"primary"}) and ("llm", "fallback") not in has:
        told = _("Nothing answers while your model is away. Connect one more, in the role of a fallback.")
        yield Recommendation("no_fallback", "consider", told)
    spares = {("database", "replica"), ("database", "backup")}
    if any((one.kind, one.role) == ("database", "primary") for one in serving) and not spares & has:
        told = _("Nothing can be read while your database is away. Connect a replica of it.")
        yield Recommendation("no_replica", "consider", told)
    if _active(reports, "storage", {"primary", "documents", "attachments", "exports"}) and (
        ("storage", "backup") not in has
    ):
        told = _("Nothing takes files while your storage is away. Connect a backup for it.")
        yield Recommendation("no_backup", "consider", told)


def _active(reports: Sequence[EndpointReport], kind: str, roles: set[str]) -> bool:
    """Whether one of the organization's own is in use; the environment's have no id."""
    return any(
        one.kind == kind and one.role in roles and one.in_use == "active" and one.id for one in reports
    )


def _slow(reports: Sequence[EndpointReport]) -> Iterator[Recommendation]:
    for one in reports:
        if one.p95 is not None and one.p95 > SLOW and one.state != "bad":
            told = _("“%(name)s” is slow: 5 of 100 probes took longer than %(seconds)s seconds.")
            told = told % {"name": one.name, "seconds": f"{one.p95 / 1000:.1f}"}
            yield Recommendation("slow", "consider", told, one.id)


def _unvalidated(reports: Sequence[EndpointReport]) -> Iterator[Recommendation]:
    for one in reports:
        if one.in_use == "draft":
            told = _("“%(name)s” was entered and never validated. Validate it, or remove it.")
            yield Recommendation("unvalidated", "consider", told % {"name": one.name}, one.id)


def _told(moment: datetime) -> str:
    return date_format(localtime(moment), "SHORT_DATETIME_FORMAT")
