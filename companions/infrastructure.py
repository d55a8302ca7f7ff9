"""For every companion: where it is stored, which model answers, what holds its files and what watches it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from byoc import endpoints, gateway
from byoc.contracts import EndpointSpec, Kind, ModelCard
from byoc.models import Endpoint, EndpointHealth
from byoc.recommending import in_words
from byoc.telemetry.destinations import withheld
from companions.choosing import chosen_model
from companions.models import Companion
from companions.queries import Residence, residences
from tenants.context import current_tenant
from tenants.places import at_main


@dataclass(frozen=True, slots=True)
class Service:
    """What serves something: the organization's own has an id, what Humana provides has none.

    `health` is "good", "bad" or "unknown"; empty for what Humana looks after by itself.
    """

    name: str
    id: str = ""
    health: str = ""


@dataclass(frozen=True, slots=True)
class Infrastructure:
    """One companion's. `model` None: none is connected, or not that one any more (`wanted`).

    `now` names what answers in its place while something stands in; empty otherwise.
    """

    residence: Residence
    wanted: str
    model: ModelCard | None
    answers: Service | None
    fallbacks: tuple[Service, ...]
    now: str = ""

    @property
    def companion(self) -> Companion:
        return self.residence.companion


@dataclass(frozen=True, slots=True)
class Whole:
    """All companions', and what they share: storage and monitoring are the organization's."""

    companions: list[Infrastructure]
    models: tuple[ModelCard, ...]
    storage: tuple[tuple[str, Service], ...]
    monitoring: tuple[tuple[str, Service], ...]
    dropped: str  # of telemetry, what nothing inside the organization's zone takes


def infrastructure() -> Whole:
    """Of the organization in hand; for who may see its endpoints."""
    health = _health()
    fallbacks = tuple(_service(one, health) for one in _active("llm", "fallback"))
    return Whole(
        [_of(one, fallbacks, health) for one in residences()],
        gateway.offered(),
        _by_role("storage", health),
        _by_role("monitoring", health),
        in_words(withheld(current_tenant().organization_id)),
    )


def asking(endpoint: Endpoint) -> list[str]:
    """The names of the companions whose answers come from this endpoint for models, for its page."""
    with at_main():
        rows = list(Companion.objects.order_by("name", "id"))
    return [one.name for one in rows if _answered_by(one, str(endpoint.id))]


def serving(card: ModelCard) -> Service:
    """What answers with that model now, and how it is."""
    return _service(card.route[0], _health())


def offers(model: str) -> bool:
    """Whether a companion may be given it; empty is the organization's own choice."""
    return not model or any(model == card.name for card in gateway.offered())


def _answered_by(companion: Companion, endpoint_id: str) -> bool:
    card = chosen_model(companion)
    return card is not None and any(spec.id == endpoint_id for spec in card.route)


def _of(one: Residence, fallbacks: tuple[Service, ...], health: dict[str, str]) -> Infrastructure:
    card = chosen_model(one.companion)
    if card is None:
        return Infrastructure(one, one.companion.model, None, None, ())
    first = card.route[0]
    usual = next((spec for spec in card.route if spec.name == card.name), first)
    answers = _service(usual, health)
    now = "" if first is usual else first.name
    return Infrastructure(one, one.companion.model, card, answers, fallbacks if answers.id else (), now)


def _service(spec: EndpointSpec, health: dict[str, str]) -> Service:
    own = spec.owner == str(current_tenant().organization_id)
    return Service(spec.name, spec.id, health.get(spec.id, "unknown")) if own else Service(spec.name)


def _by_role(kind: Kind, health: dict[str, str]) -> tuple[tuple[str, Service], ...]:
    labels = dict(Endpoint.Role.choices)
    found = [(str(labels.get(one.role, one.role)), _service(one, health)) for one in _active(kind)]
    return tuple(found) or ((_("Everything"), Service("Humana")),)


def _active(kind: Kind, role: str | None = None) -> Iterable[EndpointSpec]:
    return endpoints.active(current_tenant().organization_id, kind, role)


def _health() -> dict[str, str]:
    rows = EndpointHealth.objects.filter(organization=current_tenant().organization_id)
    return {str(key): state for key, state in rows.values_list("endpoint_id", "state")}
