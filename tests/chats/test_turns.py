"""A conversation that comes whole: what of it a model is told again, by rounds."""

from __future__ import annotations

import uuid
from itertools import chain

import pytest

from byoc.contracts import ModelCard, ToolCall
from chats import passing, turns
from chats.plans import fitted, room_of
from chats.turns import Turn
from companions.checks import Guard, Rule
from companions.checks.kinds import PatternCheck

NO_SECRETS = Guard(
    tuple(
        Rule(
            uuid.uuid4(),
            1,
            "Secrets",
            True,
            PatternCheck(stage=stage, message="", name="Secrets", pattern="secret"),
        )
        for stage in ("input", "tool")
    )
)
CALL = ToolCall("c1", "stock_of", "{}")
ASKS = Turn("assistant", "", (CALL,))
NEXT = Turn("user", "and now?")


def said(*told: Turn, guard: Guard = NO_SECRETS) -> list[tuple[str, str]]:
    return [(one.role, one.text) for one in turns.past([*told, NEXT], guard)]


def result(text: str) -> Turn:
    return Turn("tool", text, call_id="c1")


def test_a_round_is_told_up_to_what_policies_keep_back() -> None:
    first, second = Turn("user", "one"), Turn("assistant", "two")
    assert said(first, second) == [("user", "one"), ("assistant", "two")]
    assert said(Turn("user", "my secret"), second) == []
    assert said(first, Turn("assistant", "a secret"), Turn("user", "three")) == [
        ("user", "one"),
        ("user", "three"),
    ]


def test_a_call_is_told_with_its_result_or_not_at_all() -> None:
    first = Turn("user", "one")
    assert [one for one, _text in said(first, ASKS, result("12"))] == ["user", "assistant", "tool"]
    assert said(first, ASKS, result("secret")) == [("user", "one")]


def test_of_a_result_that_is_kept_back_the_model_learns_that_it_is() -> None:
    told = passing.told([NEXT, ASKS, result("a secret")], NO_SECRETS)
    assert "secret" not in told[-1].text
    assert told[-1].tool_call_id == "c1"
    kept = passing.given([NEXT, ASKS, result("a secret")], NO_SECRETS)
    assert [(one.state, one.said) for one in kept] == [("withheld", "")]


def test_policies_look_at_the_question_with_what_tools_said_since() -> None:
    history = [Turn("system", "Be brief."), Turn("user", "old"), NEXT, ASKS, result("12 chairs")]
    assert turns.new(history) == "Be brief.\n\nand now?\n\n12 chairs"


@pytest.mark.parametrize("tokens", [2_000, 4_000, 8_000])
def test_what_does_not_fit_is_left_out_from_question_to_question(tokens: int) -> None:
    small = ModelCard("small", "m", False, "o", 100, tokens)
    rounds = [[Turn("user", f"{n}" * 900), ASKS, result("12" * 300)] for n in range(8)]
    last = [Turn("user", "x" * 30_000), ASKS, result("y")]
    told = fitted("system", passing.told([*chain(*rounds), *last], Guard()), small)
    assert [one.text for one in told[-3:]] == ["x" * 30_000, "", "y"], "the latest round always goes along"
    short = fitted("system", passing.told(list(chain(*rounds)), Guard()), small)
    assert short[1].role == "user"
    assert sum(len(one.text) for one in short) <= room_of(small)
    assert len(short) % 3 == 1, "whole rounds behind the prompt"
