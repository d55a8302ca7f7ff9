"""What an answer is made with: the companion's own wishes and the client's, within the configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from byoc.contracts import ModelCard
from companions.checks import Guard
from companions.choosing import model_for, usual_model
from companions.config_keys import ANSWER_SECONDS, MAX_OUTPUT_TOKENS, TEMPERATURE
from companions.models import Companion
from tenants.config.resolver import Subject, explain, resolve
from tenants.config.rules import bounded


@dataclass(frozen=True, slots=True)
class Tuning:
    """The model, how long it may take in seconds, and what the request says beside its messages."""

    endpoint: ModelCard
    seconds: int
    wishes: dict[str, Any]


def tuning_for(
    companion: Companion, *, max_tokens: int | None = None, temperature: float | None = None, **others: Any
) -> Tuning:
    """Inside the organization; the wishes are the client's. EndpointError where no model may answer."""
    subject = Subject(companion_team_id=companion.team_id)
    most = resolve(MAX_OUTPUT_TOKENS, subject)
    wishes = {
        "max_tokens": min((one for one in (max_tokens, most) if one is not None), default=None),
        "temperature": _temperature(temperature, subject),
    }
    return Tuning(model_for(companion), resolve(ANSWER_SECONDS, subject), {**others, **wishes})


def judge_for(guard: Guard) -> ModelCard | None:
    """The organization's usual model, where a policy has topics; None where none may be asked."""
    return usual_model() if guard.has_topics else None


def _temperature(wish: float | None, subject: Subject) -> float | None:
    settled = explain(TEMPERATURE, subject).settled
    if wish is None or settled.lock is not None:
        return settled.value
    return bounded(TEMPERATURE, wish, settled)
