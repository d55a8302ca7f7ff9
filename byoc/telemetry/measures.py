"""Counts and durations per organization, cumulative since this process first saw the organization.

Cumulative is what every receiver takes, and a request that is lost loses nothing. Bounded in
organizations (the least recently seen begins anew) and in series of each; what goes beyond is
counted together.
"""

from __future__ import annotations

import threading
import time
import uuid
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    AggregationTemporality,
    Histogram,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
    Sum,
)

from byoc.adapters.monitoring.otlp import attributes

ORGANIZATIONS, SERIES = 1_000, 100
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
TOKENS = (1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576)
CUMULATIVE = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
OVERFLOW: tuple[tuple[str, object], ...] = (("otel.metric.overflow", True),)

Told: TypeAlias = tuple[tuple[str, object], ...]


@dataclass(slots=True)
class Counted:
    total: int = 0


@dataclass(slots=True)
class Spread:
    bounds: tuple[float, ...]
    unit: str
    buckets: list[int]
    sum: float = 0.0


@dataclass(slots=True)
class _OfOne:
    """The series of one organization."""

    since: int = field(default_factory=time.time_ns)
    series: dict[tuple[str, Told], Counted | Spread] = field(default_factory=dict)
    changed: bool = False


class Measures:
    """For every thread. `None` is the platform itself."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[uuid.UUID | None, _OfOne] = OrderedDict()

    def count(
        self, organization_id: uuid.UUID | None, name: str, told: Mapping[str, object], many: int = 1
    ) -> None:
        with self._lock:
            found = self._series(organization_id, name, told, Counted)
            if isinstance(found, Counted):
                found.total += many

    def observe(
        self,
        organization_id: uuid.UUID | None,
        name: str,
        value: float,
        told: Mapping[str, object],
        *,
        unit: str = "s",
    ) -> None:
        """One duration in seconds, or with the unit "{token}" one number of tokens."""
        bounds = TOKENS if unit == "{token}" else SECONDS
        with self._lock:
            found = self._series(
                organization_id, name, told, lambda: Spread(bounds, unit, [0] * (len(bounds) + 1))
            )
            if isinstance(found, Spread):
                found.buckets[bisect_left(bounds, value)] += 1
                found.sum += value

    def changed(self) -> list[uuid.UUID | None]:
        """Of whom there is something new since this was asked last."""
        with self._lock:
            found = [key for key, one in self._known.items() if one.changed]
            for key in found:
                self._known[key].changed = False
        return found

    def changed_any(self) -> bool:
        with self._lock:
            return any(one.changed for one in self._known.values())

    def of(self, organization_id: uuid.UUID | None) -> list[Metric]:
        """Everything that is known of the organization, as OTLP has it."""
        with self._lock:
            one = self._known.get(organization_id)
            now = time.time_ns()
            return [] if one is None else [_metric(key, it, one.since, now) for key, it in one.series.items()]

    def forget(self) -> None:
        """For a process that was just forked: what its parent counted is its parent's."""
        self.__init__()  # type: ignore[misc]

    def _series(
        self, organization_id: uuid.UUID | None, name: str, told: Mapping[str, object], make: object
    ) -> Counted | Spread:
        one = self._known.get(organization_id)
        if one is None:
            one = self._known[organization_id] = _OfOne()
            if len(self._known) > ORGANIZATIONS:
                self._known.popitem(last=False)
        self._known.move_to_end(organization_id)
        one.changed = True
        key = (name, tuple(sorted(told.items())))
        if key not in one.series and len(one.series) >= SERIES:
            key = (name, OVERFLOW)
        if key not in one.series:
            one.series[key] = make()  # type: ignore[operator]
        return one.series[key]


def _metric(key: tuple[str, Told], it: Counted | Spread, since: int, now: int) -> Metric:
    name, told = key[0], attributes(dict(key[1]))
    if isinstance(it, Counted):
        number = NumberDataPoint(
            start_time_unix_nano=since, time_unix_nano=now, as_int=it.total, attributes=told
        )
        total = Sum(data_points=[number], aggregation_temporality=CUMULATIVE, is_monotonic=True)
        return Metric(name=name, unit="1", sum=total)
    point = HistogramDataPoint(
        start_time_unix_nano=since,
        time_unix_nano=now,
        count=sum(it.buckets),
        sum=it.sum,
        bucket_counts=it.buckets,
        explicit_bounds=it.bounds,
        attributes=told,
    )
    return Metric(
        name=name,
        unit=it.unit,
        histogram=Histogram(data_points=[point], aggregation_temporality=CUMULATIVE),
    )
