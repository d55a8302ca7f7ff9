"""How much an organization may ask at once: the plan says the most, the configuration less."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils.translation import override

from audit import budgeting
from audit.config_keys import ANSWERS_AT_ONCE, QUESTIONS_PER_MINUTE
from audit.services.rates import admit_question, begin_answer, end_answer, limits, place_for
from humana.kernel.errors import TooMany
from tenants.config.snapshot import snapshot
from tenants.context import use_tenant
from tenants.models import Organization
from tenants.services.config import change as configure
from tenants.services.config import of_organization
from tests.fixtures.organizations import World

PLANS = {"free": (3, 2), "pro": (600, 64), "business": (3_000, 256), "enterprise": (60_000, 4_096)}


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with override("en"):
        yield


def allow(world: World, key: Any, value: int) -> None:
    where = of_organization(world.organization.id)
    configure(member=world.owner, where=where, key=key, seen=None, value=value)
    snapshot.forget()


def test_a_plan_says_how_much_may_be_asked_and_the_configuration_only_less(
    left: World, right: World, settings: Any
) -> None:
    settings.HUMANA_PLAN_LIMITS = PLANS
    with use_tenant(left.context):
        for _question in range(3):
            admit_question()
        with pytest.raises(TooMany, match=r"3 questions within a minute.*Free") as refusal:
            admit_question()
        assert refusal.value.code == "too_many_questions"
        assert 1 <= refusal.value.retry_after <= 20, "when the next one fits"
    with use_tenant(right.context):
        admit_question()  # next door has its own
    Organization.objects.filter(id=left.organization.id).update(plan="pro")
    budgeting.forget()
    with use_tenant(left.context):
        assert (limits().questions, limits().answers) == (600, 64)
        allow(left, QUESTIONS_PER_MINUTE, 10_000)
        allow(left, ANSWERS_AT_ONCE, 1)
        assert (limits().questions, limits().answers) == (600, 1)
    budgeting.forget()


def test_answers_at_the_same_time_have_places_that_come_back(left: World, settings: Any) -> None:
    settings.HUMANA_PLAN_LIMITS = PLANS
    budgeting.forget()
    first, second, third = (uuid.uuid4() for _number in range(3))
    with use_tenant(left.context):
        assert begin_answer(first)
        assert begin_answer(second)
        assert begin_answer(first), "who has a place keeps it"
        assert not begin_answer(third)
        with pytest.raises(TooMany, match="2 answers are being made") as refusal, place_for(third):
            pass
        assert (refusal.value.code, refusal.value.retry_after) == ("too_many_answers", 5)
        end_answer(first)
        with pytest.raises(RuntimeError), place_for(third):
            raise RuntimeError("it failed")
        with place_for(third):
            assert not begin_answer(first)
        end_answer(second)
        end_answer(third)
