"""What an answer costs: known to the last digit, or not known, never nothing by mistake."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from byoc.adapters.llm import describe
from byoc.contracts import EndpointSpec, ModelCard, Usage
from byoc.pricing import price_of, read_prices
from humana.kernel.errors import Invalid

USED = Usage(input_tokens=1_000_000, output_tokens=100_000, cached_tokens=400_000)


def card(type_: str = "openai", model: str = "gpt-4o-mini", **more: Any) -> ModelCard:
    options = {key: more.pop(key) for key in ("prices", "models") if key in more}
    return describe(
        EndpointSpec("ours", "llm", type_, "https://models.example", model, options=options, **more)
    )


def table(**rates: Any) -> dict[str, Any]:
    return {"currency": "BRL", "models": {"gpt-4o-mini": rates}}


@pytest.mark.parametrize(
    ("type_", "model"),
    [
        ("openai", "gpt-4o-mini"),
        ("azure", "gpt-4o"),
        ("anthropic", "claude-sonnet-4-5"),
        ("google", "gemini-2.5-flash"),
    ],
)
def test_the_list_prices_of_the_vendors(type_: str, model: str) -> None:
    price = price_of(card(type_, model), USED)
    assert price is not None
    assert price.amount > 0
    assert (price.currency, price.source) == ("USD", "genai-prices")
    assert price.version


def test_the_list_counts_what_was_cached_once() -> None:
    """600,000 fresh at 0.15, 400,000 cached at 0.075, 100,000 out at 0.60."""
    price = price_of(card(), USED)
    assert price is not None
    assert price.amount == Decimal("0.18")


@pytest.mark.parametrize(
    ("type_", "model"),
    [
        ("openai", "gpt-of-tomorrow-99"),
        ("custom", "gpt-4o-mini"),
        ("local", "gpt-4o-mini"),
        ("custom", "llama"),
    ],
)
def test_who_nobody_knows_is_not_free(type_: str, model: str) -> None:
    assert price_of(card(type_, model), USED) is None


def test_tokens_that_nobody_counted_have_no_price() -> None:
    assert price_of(card(), None) is None
    assert price_of(card(prices=table(input=1, output=1)), None) is None


def test_only_what_is_declared_ours_costs_nothing() -> None:
    price = price_of(card("local", "smol", builtin=True), None)
    assert price is not None
    assert (price.amount, price.source) == (Decimal(0), "own")
    free = price_of(card("custom", prices={"models": {"*": {"input": 0, "output": 0}}}), USED)
    assert free is not None
    assert (free.amount, free.source) == (Decimal(0), "table")


def test_the_endpoints_table_comes_first() -> None:
    price = price_of(card(prices=table(input="14.00", cached="7.00", output="60")), USED)
    assert price is not None
    assert (price.amount, price.currency, price.source) == (Decimal("17.2"), "BRL", "table")
    assert len(price.version) == 12


def test_the_organizations_table_comes_before_the_list() -> None:
    theirs, ours = table(input=1, output=1), table(input=2, output=2)
    first = price_of(card(), USED, theirs)
    both = price_of(card(prices=ours), USED, theirs)
    assert first is not None
    assert both is not None
    assert (first.amount, both.amount) == (Decimal("1.1"), Decimal("2.2"))


def test_a_deployment_has_the_price_of_the_model_behind_it() -> None:
    own = [{"name": "our-gpt", "base": "gpt-4o-mini"}]
    assert price_of(card("azure", "our-gpt"), USED) is None
    found, listed = price_of(card("azure", "our-gpt", models=own), USED), price_of(card("azure"), USED)
    assert found is not None
    assert listed is not None
    assert found.amount == listed.amount


def test_half_a_price_is_none() -> None:
    assert price_of(card("custom", prices=table(input=1)), USED) is None
    assert price_of(card("custom", prices=table(input=1)), Usage(input_tokens=10)) is not None


def test_without_a_price_for_the_cached_they_cost_as_much() -> None:
    price = price_of(card(prices=table(input=1, output=0)), USED)
    assert price is not None
    assert price.amount == Decimal(1)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([], "currency and models"),
        ({"modles": {}}, "currency and models"),
        ({"currency": "R$"}, "three letters"),
        ({"models": [1]}, "Name each model"),
        ({"models": {"m": {}}}, "input, output and cached"),
        ({"models": {"m": {"in": 1}}}, "input, output and cached"),
        ({"models": {"m": {"input": "much"}}}, "not a number"),
        ({"models": {"m": {"input": -1}}}, "not a number"),
        ({"models": {"m": {"input": "NaN"}}}, "not a number"),
        ({"models": {"m": {"input": True}}}, "not a number"),
        ({"models": {"m": {"input": None}}}, "not a number"),
    ],
)
def test_a_table_that_cannot_be_read_says_why(data: Any, words: str) -> None:
    with pytest.raises(Invalid) as raised:
        read_prices(data)
    assert words in str(raised.value)


def test_an_answer_is_not_lost_to_a_broken_table() -> None:
    price = price_of(card(prices={"models": "all"}), USED)
    assert price is not None
    assert price.source == "genai-prices"
