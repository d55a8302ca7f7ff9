"""What an administrator writes as checks of a policy, and what they are told when it cannot be so."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from companions.audience import applies
from companions.checks import BadCheck, PatternCheck, ToolsCheck, allowed_tools, parse_checks

NAMED = {"stage": "input", "kind": "pattern", "pattern": "projeto f[eê]nix", "name": "Codenames"}


def test_every_kind_is_read() -> None:
    checks = parse_checks(
        [
            NAMED,
            {"stage": "output", "kind": "pii", "classes": ["cpf", "email", "cpf"], "message": " No\n data "},
            {"stage": "output", "kind": "topics", "topics": ["medical advice"]},
            {"stage": "output", "kind": "disclaimer", "text": "This is no legal advice."},
            {"stage": "tool", "kind": "tools", "allowed": ["search"]},
        ]
    )
    assert [(one.stage, one.kind, one.label) for one in checks] == [
        ("input", "pattern", "Codenames"),
        ("output", "pii", "cpf, email"),
        ("output", "topics", "topics"),
        ("output", "disclaimer", "disclaimer"),
        ("tool", "tools", "tools"),
    ]
    assert isinstance(checks[0], PatternCheck)
    assert checks[1].message == "No data"
    assert parse_checks([]) == ()


def test_only_tools_that_every_policy_allows_are_allowed() -> None:
    first, second = (ToolsCheck(stage="tool", allowed=names) for names in (("a", "b"), ("b", "c")))
    assert allowed_tools([]) is None
    assert allowed_tools([first, second]) == {"b"}
    assert allowed_tools([first, ToolsCheck(stage="tool", allowed=())]) == set()


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ({}, "checks"),
        ("[]", "checks"),
        (None, "checks"),
        ([NAMED] * 21, "checks"),
        ([7], "checks[0]"),
        ([NAMED, {"kind": "pii"}], "checks[1].stage"),
        ([{"stage": "input"}], "checks[0].kind"),
        ([{"stage": "input", "kind": ["pii"]}], "checks[0].kind"),
        ([{"stage": "input", "kind": "spell"}], "checks[0].kind"),
        ([{"stage": "tool", "kind": "topics", "topics": ["x"]}], "checks[0].stage"),
        ([{"stage": "input", "kind": "disclaimer", "text": "x"}], "checks[0].stage"),
        ([{"stage": "output", "kind": "tools", "allowed": []}], "checks[0].stage"),
        ([NAMED | {"pattern": "(open"}], "checks[0].pattern"),
        ([NAMED | {"pattern": r"(a)\1"}], "checks[0].pattern"),
        ([NAMED | {"pattern": "a*"}], "checks[0].pattern"),
        ([NAMED | {"pattern": "((a{1000}){1000})"}], "checks[0].pattern"),
        ([NAMED | {"pattern": "x" * 501}], "checks[0].pattern"),
        ([NAMED | {"pattern": 7}], "checks[0].pattern"),
        ([NAMED | {"name": " "}], "checks[0].name"),
        ([NAMED | {"message": "x" * 301}], "checks[0].message"),
        ([NAMED | {"message": "a\x00b"}], "checks[0].message"),
        ([NAMED | {"message": "\ud800"}], "checks[0].message"),
        ([NAMED | {"mode": "block"}], "checks[0].mode"),
        ([{"stage": "input", "kind": "pii", "classes": []}], "checks[0].classes"),
        ([{"stage": "input", "kind": "pii", "classes": ["cpf", "rg"]}], "checks[0].classes[1]"),
        ([{"stage": "input", "kind": "topics", "topics": ["x", ""]}], "checks[0].topics[1]"),
        ([{"stage": "output", "kind": "disclaimer", "text": ""}], "checks[0].text"),
        ([{"stage": "tool", "kind": "tools", "allowed": {"a": 1}}], "checks[0].allowed"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(written: Any, path: str) -> None:
    with pytest.raises(BadCheck) as caught:
        parse_checks(written)
    assert caught.value.path == path
    assert isinstance(caught.value, ValueError)
    assert caught.value.message


def test_whom_a_policy_applies_to() -> None:
    company, sales, south, clara, agent = (str(uuid.uuid4()) for _ in range(5))
    reach = {"companion_id": clara, "team_chain": [south, sales, company], "position_id": agent}
    loose = {"companion_id": uuid.UUID(clara), "team_chain": (), "position_id": None}
    assert applies({}, **reach)  # type: ignore[arg-type]
    assert applies({"teams": [], "positions": []}, **reach)  # type: ignore[arg-type]
    for audience in ({"teams": [sales]}, {"positions": [agent]}):
        assert applies(audience, **reach)  # type: ignore[arg-type]
        assert not applies(audience, **loose)  # type: ignore[arg-type]
    assert applies(None, **reach)  # type: ignore[arg-type]
    assert applies({"companions": [clara]}, **loose)  # type: ignore[arg-type]
    assert applies({"teams": ["gone"], "companions": [clara]}, **reach)  # type: ignore[arg-type]
    assert not applies({"teams": ["gone"], "positions": ["None"]}, **loose)  # type: ignore[arg-type]
