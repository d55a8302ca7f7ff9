"""What the environment offers, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from byoc import gateway
from byoc.contracts import EndpointSpec
from byoc.platform import grants_for, platform_llms
from humana.kernel.errors import EndpointError, Misconfigured

NAMES = ["HUMANA_LLM_URL", "HUMANA_LLM_KEY", "HUMANA_LLM_MODEL", "HUMANA_LLM_BUILTIN", "HUMANA_LLM_OPTIONS"]
NAMES += ["OPENAI_API_KEY", "OPENAI_BASE_URL", "HUMANA_OPENAI_MODEL"]
NAMES += ["ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "HUMANA_ANTHROPIC_MODEL"]
URL = "http://127.0.0.1:8000/v1"
Environment = Callable[..., tuple[EndpointSpec, ...]]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[Environment]:
    """Sets exactly these variables and gives what is offered then."""

    def given(**values: str) -> tuple[EndpointSpec, ...]:
        for name in NAMES:
            monkeypatch.delenv(name, raising=False)
        for name, value in values.items():
            monkeypatch.setenv(name, value)
        gateway.reload()
        return platform_llms()

    yield given
    monkeypatch.undo()
    gateway.reload()


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({}, []),
        ({"HUMANA_LLM_URL": URL}, ["custom"]),
        ({"HUMANA_LLM_URL": URL, "HUMANA_LLM_BUILTIN": "1"}, ["builtin"]),
        ({"OPENAI_API_KEY": "k"}, ["openai"]),
        ({"ANTHROPIC_API_KEY": "k", "OPENAI_API_KEY": "k"}, ["openai", "anthropic"]),
        (
            {"HUMANA_LLM_URL": URL, "OPENAI_API_KEY": "k", "ANTHROPIC_API_KEY": "k"},
            ["custom", "openai", "anthropic"],
        ),
        (
            {"HUMANA_LLM_URL": URL, "HUMANA_LLM_BUILTIN": "1", "ANTHROPIC_API_KEY": "k"},
            ["anthropic", "builtin"],
        ),
    ],
)
def test_who_is_offered_and_who_comes_first(
    environment: Environment, values: dict[str, str], names: list[str]
) -> None:
    assert [spec.name for spec in environment(**values)] == names
    assert [card.name for card in gateway.offered()] == names
    if names:
        assert gateway.describe().name == names[0]


def test_the_builtin_model_is_kept_small(environment: Environment) -> None:
    (spec,) = environment(HUMANA_LLM_URL=URL, HUMANA_LLM_BUILTIN="1", HUMANA_LLM_MODEL="SmolLM2")
    assert (spec.builtin, spec.max_output_tokens, spec.options["places"]) == (True, 200, 2)
    card = gateway.describe("SmolLM2")
    assert (card.builtin, card.model) == (True, "SmolLM2")


def test_base_urls_and_models_are_honoured(environment: Environment) -> None:
    openai, anthropic = environment(
        OPENAI_API_KEY="sk-one",
        OPENAI_BASE_URL=URL,
        HUMANA_OPENAI_MODEL="gpt-x",
        ANTHROPIC_API_KEY="sk-two",
        ANTHROPIC_BASE_URL="http://127.0.0.1:8001",
    )
    assert (openai.url, openai.model, openai.key) == (URL, "gpt-x", "sk-one")
    assert anthropic.url == "http://127.0.0.1:8001"
    assert "sk-" not in repr((openai, anthropic))
    assert [grant.port for grant in grants_for((openai, anthropic))] == [8000, 8001]


def test_options_for_a_server_of_ones_own(environment: Environment) -> None:
    (spec,) = environment(HUMANA_LLM_URL=URL, HUMANA_LLM_OPTIONS='{"stream_usage": false}')
    assert spec.options["stream_usage"] is False
    assert gateway.llm().spec == spec


@pytest.mark.parametrize("options", ["{", "[]", '{"steam_usage": false}', '{"places": "many"}'])
def test_wrong_options_are_told(environment: Environment, options: str) -> None:
    with pytest.raises(Misconfigured, match=r"OPTIONS|options"):
        environment(HUMANA_LLM_URL=URL, HUMANA_LLM_OPTIONS=options)
        gateway.llm()


def test_no_model_is_told(environment: Environment) -> None:
    environment()
    with pytest.raises(EndpointError) as raised:
        gateway.llm()
    assert (raised.value.code, raised.value.permanent) == ("not_configured", True)
    assert str(gateway.explain(raised.value))


def test_a_model_by_its_name_or_its_endpoints(environment: Environment) -> None:
    environment(OPENAI_API_KEY="k", ANTHROPIC_API_KEY="k", HUMANA_ANTHROPIC_MODEL="claude-x")
    assert gateway.llm("anthropic") is gateway.llm("claude-x")
    assert gateway.llm() is gateway.llm("openai")
    with pytest.raises(EndpointError):
        gateway.llm("gpt-none")


def test_only_a_changed_endpoint_is_made_anew(environment: Environment) -> None:
    environment(OPENAI_API_KEY="k", ANTHROPIC_API_KEY="k")
    openai, anthropic = gateway.llm("openai"), gateway.llm("anthropic")
    environment(OPENAI_API_KEY="another", ANTHROPIC_API_KEY="k")
    assert gateway.llm("openai") is not openai
    assert gateway.llm("anthropic") is anthropic
