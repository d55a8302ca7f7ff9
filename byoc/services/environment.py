"""Another model stands in for one that the environment names: noted as for those that have rows.

    settle()    after every look at the platform's own

Operators are told and read it in their history. An organization sees what it always sees where another model
answers: one quiet line.
"""

from __future__ import annotations

from django.db import IntegrityError, transaction

from byoc import gateway
from byoc.config_keys import FAILOVER_AUTOMATIC
from byoc.models import Endpoint, EndpointHealth, Failover
from byoc.readings import Reading, readings_of
from byoc.services import failover
from tenants.config.resolver import resolve_for


def settle() -> None:
    """Outside of every organization. Asks no endpoint."""
    readings = {spec.name: reading for spec, reading in readings_of(gateway.environment())}
    with transaction.atomic():
        open_ = _end_what_is_over(readings)
    if not resolve_for(None, FAILOVER_AUTOMATIC):
        return
    for name, reading in readings.items():
        if reading.state == "bad" and name not in open_:
            _begin(name, reading)


def _end_what_is_over(readings: dict[str, Reading]) -> set[str]:
    """The names of those for which something stands in still. One that is no longer named is nobody's."""
    left: set[str] = set()
    for row in failover.open_of(None).filter(endpoint=None):
        if row.named not in readings or readings[row.named].state == "good":
            failover.end(row)
        else:
            left.add(row.named)
    return left


def _begin(name: str, reading: Reading) -> None:
    spare = _spare()
    if spare is None:
        return
    try:
        with transaction.atomic():
            failover.begin(None, spare, Failover.Way.FALLBACK, named=name, why=reading.code[:32])
    except IntegrityError:
        return  # somebody began it meanwhile


def _spare() -> Endpoint | None:
    """The first of the platform's that is in use as a fallback and is well."""
    well = EndpointHealth.objects.filter(organization=None, state=EndpointHealth.State.GOOD)
    rows = Endpoint.objects.filter(
        organization=None, kind=Endpoint.Kind.LLM, role=Endpoint.Role.FALLBACK, state=Endpoint.State.ACTIVE,
        id__in=well.values("endpoint_id"),
    )  # fmt: skip
    return rows.order_by("rank", "name").first()
