"""What an answer is made with: the companion's own wishes and the client's, within the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from byoc.contracts import ModelCard
from chats import shaping
from chats.config_keys import CHOOSE_MODEL
from chats.shaping import Shaped
from companions.checks import Guard
from companions.choosing import may_be_given, model_for, usual_is_locked, usual_model
from companions.models import Companion
from tenants.config.resolver import Subject, resolve


@dataclass(frozen=True, slots=True)
class Tuning:
    """The model, how long it may take in seconds, and what the request says beside its messages.

    `shaped` says of each setting which layer it is from.
    """

    endpoint: ModelCard
    seconds: int
    wishes: dict[str, Any]
    shaped: tuple[Shaped, ...] = ()

    def provenance(self, prompt: Mapping[str, Any]) -> dict[str, Any]:
        """What the run keeps: what the prompt was made of, each setting, and who was to answer."""
        asked = {"endpoint": self.endpoint.name, "model": self.endpoint.model}
        return {**prompt, "settings": [one.stamp() for one in self.shaped], "asked": asked}


def tuning_for(
    companion: Companion,
    *,
    chosen: str = "",
    max_tokens: int | None = None,
    temperature: float | None = None,
    **others: Any,
) -> Tuning:
    """Inside the organization; the wishes are the client's, `chosen` is the model of the chat.

    EndpointError where no model may answer.
    """
    subject = Subject(companion_team_id=companion.team_id)
    wish = wished(companion, chosen)
    card = model_for(companion, wish)
    most, warmth = shaping.longest(max_tokens, subject), shaping.temperature(temperature, subject)
    time, model = shaping.seconds(subject), shaping.model(card, companion.model, subject, chosen=wish)
    wishes = {"max_tokens": most.value, "temperature": warmth.value}
    return Tuning(card, time.value, {**others, **wishes}, (model, most, warmth, time))


def may_choose(companion: Companion) -> bool:
    """Whether people choose the model of their chats with it."""
    subject = Subject(companion_team_id=companion.team_id)
    return resolve(CHOOSE_MODEL, subject) and not usual_is_locked(companion.team_id)


def wished(companion: Companion, chosen: str) -> str:
    """The chat's model, while it may be chosen and answer; else empty, and the companion's own answers."""
    fine = bool(chosen) and may_choose(companion) and may_be_given(chosen, companion.team_id)
    return chosen if fine else ""


def judge_for(guard: Guard) -> ModelCard | None:
    """The organization's usual model, where a policy has topics; None where none may be asked."""
    return usual_model() if guard.has_topics else None
