"""An answer is checked before it is shown, however it is cut into pieces."""

from __future__ import annotations

import random
import time
import uuid
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest

from companions.checks import Guard, Sieve, guard_of

CPF = "111.444.777-35"


def guard(*checks: dict[str, Any], mode: str = "block") -> Guard:
    policy = SimpleNamespace(id=uuid.uuid4(), version=3, name="Privacy", mode=mode, checks=list(checks))
    return guard_of([policy])


def pii(*classes: str, stage: str = "output") -> dict[str, Any]:
    return {"stage": stage, "kind": "pii", "classes": list(classes)}


def pattern(text: str) -> dict[str, Any]:
    return {"stage": "output", "kind": "pattern", "pattern": text, "name": "Names"}


def shown(guarding: Guard, pieces: list[str]) -> tuple[list[str], bool, list[str]]:
    """What is shown after each piece, whether it was stopped, and what was found."""
    sieve, told, found = Sieve(guarding), [], []
    for piece in [*pieces, None]:
        passed = sieve.finish() if piece is None else sieve.feed(piece)
        told.append(passed.text)
        found += [one.what or one.rule.check.label for one in passed.found if one.rule.check]
        if passed.stopped:
            return told, True, found
    return told, False, found


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13, 100])
@pytest.mark.parametrize("number", [CPF, "111 444 777 35", "１１１.４４４\u200b.７７７-３５"])
def test_no_piece_of_a_cpf_is_ever_shown(size: int, number: str) -> None:
    text = f"O cliente 12 tem o CPF {number}, e mora em Recife."
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    told, stopped, found = shown(guard(pii("cpf", "phone")), pieces)
    assert "".join(told) == "O cliente 12 tem o CPF "
    assert stopped
    assert found == ["cpf"]


@pytest.mark.parametrize(
    "text",
    [
        "Bom dia! 12 pães, 3,50 cada; ligue às 10:30. Até 111.444.777-36 não é CPF.",
        "Olá, coração! 🌻 e\u0301 日本語 👩🏽\u200d💻 fim 4111 1111 1111 1112",
        "a" * 900 + " 1" * 300,
    ],
)
def test_what_is_allowed_arrives_whole_and_unchanged(text: str) -> None:
    everything = guard(pii("cpf", "cnpj", "email", "card", "phone"), pattern(r"segredo.*fim"))
    for size in (1, 7, 2000):
        told, stopped, found = shown(everything, [text[at : at + size] for at in range(0, len(text), size)])
        assert ("".join(told), stopped, found) == (text, False, [])


PIECES = [
    CPF,
    "111.444.777-36",
    "ana@empresa.com",
    "@a",
    "4111 1111 ",
    "1111",
    "(11) 98765-4321",
    "+55 ",
    "11 ",
]
PIECES += [
    "12.ABC.345/01DE-35",
    "projeto ",
    "fênix",
    "fe\u0302nix",
    " ",
    ".",
    "-",
    "\n",
    "\u200b",
    "é",
    "１",
    "9",
    "x",
]


@pytest.mark.parametrize("seed", range(4))
def test_however_an_answer_is_cut_it_is_judged_as_the_whole(seed: int) -> None:
    """Nothing of a match is shown, nothing without one is stopped: the whole text says which."""
    dice = random.Random(seed)
    everything = guard(pii("cpf", "cnpj", "email", "card", "phone"), pattern("projeto f[eê]nix"))
    for _ in range(200):
        text = "".join(dice.choice(PIECES) for _ in range(dice.randint(1, 40)))
        cuts = sorted(dice.randint(0, len(text)) for _ in range(dice.randint(0, 30)))
        told, stopped, _found = shown(everything, [text[a:b] for a, b in pairwise([0, *cuts, len(text)])])
        assert stopped == (not everything.lets("output", text)), text
        assert "".join(told) == text or stopped, text
        assert text.startswith("".join(told))
        assert everything.lets("output", "".join(told)), text


def test_an_expression_that_would_take_others_for_ever_takes_a_moment() -> None:
    began = time.monotonic()
    assert guard(pattern("(a|aa)+$")).lets("output", "a" * 20_000 + "!")
    assert time.monotonic() - began < 5


def test_words_do_not_wait_for_personal_data() -> None:
    """Only what may still become a number or an address waits."""
    told, _stopped, _found = shown(guard(pii("cpf", "card", "phone")), ["Bom ", "dia, ", "são 12", "3 pães."])
    assert told == ["Bom ", "dia, ", "são ", "123 pães.", ""]
    told, _stopped, _found = shown(guard(pii("email")), ["Bom ", "dia, ", "an", "a"])
    assert told == ["Bom ", "dia, ", "", "", "ana"]


def test_an_expression_holds_back_as_much_as_its_longest_match() -> None:
    told, stopped, found = shown(guard(pattern("projeto f[eê]nix")), list("Sobre o Projeto Fênix: nada"))
    assert ("".join(told), stopped, found) == ("Sobre o ", True, ["Names"])
    told, _stopped, _found = shown(guard(pattern("ab")), list("xyzab"))
    assert told[:4] == ["", "", "x", "y"]
    told, stopped, _found = shown(guard(pattern("begin.*end")), ["begin", "-" * 240, "end", "." * 300])
    assert ("".join(told), stopped) == ("", True), "as long as the window"
    told, stopped, _found = shown(guard(pattern("begin.*end")), ["begin", "-" * 400, "end", "." * 300])
    assert stopped, "longer than the window: a piece was shown, the rest is not"
    assert len("".join(told)) < 405


def test_what_stands_at_the_edge_of_a_piece_is_not_judged_too_early() -> None:
    told, stopped, _found = shown(guard(pattern(r"\bcat\b")), ["a cat", "alogue, con", "cat"])
    assert ("".join(told), stopped) == ("a catalogue, concat", False)
    told, stopped, _found = shown(guard(pattern("^x")), ["a" * 600, "x" * 600, "x"])
    assert not stopped, "what was forgotten at the beginning makes no new beginning"
    told, stopped, _found = shown(guard(pattern(r"\d{3}$")), ["123", "4a"])
    assert not stopped
    assert shown(guard(pattern(r"\d{3}$")), ["a ", "123"])[1]


def test_monitoring_holds_nothing_back_and_tells_once() -> None:
    told, stopped, found = shown(guard(pii("cpf"), mode="monitor"), ["CPF 111.444", f".777-35 e {CPF} ", CPF])
    assert told == ["CPF 111.444", f".777-35 e {CPF} ", CPF, ""]
    assert (stopped, found) == (False, ["cpf"])


def test_the_trail_is_told_what_acted_and_never_the_text() -> None:
    guarding = guard(pii("cpf", "email", stage="input") | {"message": "No data, please."})
    findings = guarding.findings("input", f"{CPF}, ana@empresa.com")
    assert [one.what for one in findings] == ["cpf", "email"]
    stamp = findings[0].stamp()
    assert "111" not in str({**stamp, "policy": ""})
    assert (stamp["version"], stamp["check"], stamp["mode"]) == (3, "cpf, email", "block")
    assert guarding.lets("input", "Bom dia")
    assert guarding.lets("output", CPF)


def test_a_policy_that_cannot_be_read_lets_no_question_through() -> None:
    broken = guard({"stage": "input", "kind": "spell"})
    assert not broken.lets("input", "Bom dia")
    assert broken.findings("input", "")[0].what == "unreadable"


def test_a_long_answer_is_checked_in_a_moment() -> None:
    everything = guard(pii("cpf", "cnpj", "email", "card", "phone"), pattern("(a|aa)+$"), pattern("x.*y.*z"))
    began = time.monotonic()
    _told, stopped, _found = shown(everything, ["aa 12 x@ "] * 3000)
    assert not stopped
    assert time.monotonic() - began < 10
