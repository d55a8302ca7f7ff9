"""What the demo says: short enough for the built-in model, in both languages, worth looking at."""

from __future__ import annotations

import json
import urllib.request
import uuid

import pytest

from companions.prompts import (
    BasePrompt,
    InheritedBrand,
    InheritedPolicy,
    InheritedValue,
    compile_prompt,
)
from humana.demo.aurora import AURORA
from humana.demo.boreal import BOREAL
from humana.demo.cerrado import CERRADO
from humana.demo.shapes import DemoOrganization
from humana.embedded.model import Model
from humana.furnishing import STARTING, Furniture, NewCompanion
from humana.rendering.markdown import render

MOST_TOKENS = 150
ORGANIZATIONS = (AURORA, BOREAL, CERRADO)
FURNITURE = {"aurora": AURORA.furniture, "boreal": BOREAL.furniture, "cerrado": CERRADO.furniture, **STARTING}


def compiled(furniture: Furniture, companion: NewCompanion) -> str:
    row, brand = uuid.UUID(int=0), furniture.brand
    return compile_prompt(
        companion=BasePrompt(row, 1, companion.base_prompt, companion.language),
        values=[InheritedValue(row, 1, *value) for value in furniture.values.items()],
        policies=[InheritedPolicy(row, 1, one.regulation, one.requirement) for one in furniture.policies],
        brand=InheritedBrand(row, 1, brand.voice_and_tone, brand.style, brand.restrictions),
    )


def prompts() -> dict[str, str]:
    return {
        f"{name}: {companion.name}": compiled(furniture, companion)
        for name, furniture in FURNITURE.items()
        for companion in furniture.companions
    }


def test_prompts_are_short_by_a_careful_estimate() -> None:
    too_long = {name: len(text) / 3.2 for name, text in prompts().items() if len(text) / 3.2 > MOST_TOKENS}
    assert too_long == {}


@pytest.mark.needs("model")
def test_prompts_are_short_as_the_built_in_model_counts(builtin_model: Model) -> None:
    counted = {name: tokens(builtin_model, text) for name, text in prompts().items()}
    assert {name: count for name, count in counted.items() if count > MOST_TOKENS} == {}


def tokens(model: Model, text: str) -> int:
    request = urllib.request.Request(
        model.url.removesuffix("/v1") + "/tokenize",
        json.dumps({"content": text}).encode(),
        {"Authorization": f"Bearer {model.key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return len(json.load(answer)["tokens"])


@pytest.mark.parametrize("name", FURNITURE)
def test_every_companion_inherits_values_policies_and_brand(name: str) -> None:
    for companion in FURNITURE[name].companions:
        assert compiled(FURNITURE[name], companion).count("\n### ") == 3


@pytest.mark.parametrize("demo", ORGANIZATIONS, ids=lambda demo: demo.slug)
def test_three_companions_and_the_first_in_the_list_writes_english(demo: DemoOrganization) -> None:
    """The built-in model manages English only, and the first is the one that people try."""
    companions = sorted(demo.furniture.companions, key=lambda one: one.name)
    assert [one.language for one in companions] == ["en", "pt-br", "pt-br"]
    assert all(len(one.starters) == 3 and all(map(str.isascii, one.starters)) for one in companions)


@pytest.mark.parametrize("demo", ORGANIZATIONS, ids=lambda demo: demo.slug)
def test_the_regulations_named_are_those_with_a_policy(demo: DemoOrganization) -> None:
    assert {policy.regulation for policy in demo.furniture.policies} == set(demo.regulations)


@pytest.mark.parametrize("demo", ORGANIZATIONS, ids=lambda demo: demo.slug)
def test_the_written_chat_shows_what_a_page_can_do(demo: DemoOrganization) -> None:
    html = "".join(render(text) for text in demo.chat.said)
    for element in ("<table", "<ol", "<li", "<strong", "<pre"):
        assert element in html
    assert len(demo.chat.said) % 2 == 0
