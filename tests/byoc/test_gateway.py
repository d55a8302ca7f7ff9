"""From the environment to an answer, and the sentences for when there is none."""

from __future__ import annotations

import subprocess
import sys
from typing import get_args

import pytest
from django.utils.translation import override

from byoc import gateway
from byoc.contracts import ChatMessage, ChatRequest, Failure
from humana.kernel.errors import EndpointError
from tests.fixtures.models import ScriptedModel

HELLO = ChatRequest((ChatMessage("user", "Bom dia, Ana!"),))


@pytest.mark.parametrize("name", ["custom", "openai", "anthropic"])
async def test_both_kinds_of_keys_work(
    name: str, scripted_model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUMANA_LLM_URL", scripted_model.openai_url)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-openai")
    monkeypatch.setenv("OPENAI_BASE_URL", scripted_model.openai_url)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-anthropic")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", scripted_model.anthropic_url)
    gateway.reload()
    try:
        assert (await gateway.llm(name).generate(HELLO)).text == "Bom dia, Ana!"
    finally:
        await gateway.close()
        monkeypatch.undo()
        gateway.reload()


@pytest.mark.parametrize("code", get_args(Failure))
def test_every_failure_has_a_sentence_of_its_own(code: str) -> None:
    with override("en"):
        told = str(gateway.explain(EndpointError("technical", permanent=False, code=code)))
        other = str(gateway.explain(EndpointError("technical", permanent=False, code="surprise")))
    assert told.endswith(".")
    assert told != other
    assert "technical" not in told


def test_the_sdks_wait_until_they_are_needed() -> None:
    """Neither SDK nor aiohttp is loaded by making an adapter: web start-up does not pay for them."""
    program = """
import sys
from byoc.adapters.llm import make
from byoc.contracts import EndpointSpec
from humana.kernel.egress import Guard
for kind in ("openai", "anthropic"):
    make(EndpointSpec("e", "llm", kind, "https://api.example.com", "m"), Guard("platform"))
print(sorted({"openai", "anthropic", "aiohttp", "httpx2", "django"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
