"""/v1/embeddings through the official SDK: the model that is in Humana, and one of the organization's own."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx2
import numpy as np
import openai
import pytest
from django.conf import settings

from audit.models import BudgetCounter, BudgetReservation, UsageDay, UsageEvent
from audit.services.budget_changes import change_budget
from byoc import endpoints
from byoc.services import endpoints as services
from tenants.context import use_tenant
from tenants.transactions import tenant_atomic
from tests.byoc.test_endpoints import created, granted
from tests.chats.conftest import Desk
from tests.chats.test_budgets_at_doors import counted, limited
from tests.fixtures.models import ScriptedModel


@pytest.fixture
def client(desk: Desk) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{desk.server.url}/v1", api_key=desk.key, max_retries=0, timeout=60)


def test_texts_become_vectors_that_may_be_compared(desk: Desk, client: openai.OpenAI) -> None:
    texts = ["A consulta dura meia hora.", "The appointment takes half an hour.", "Bring your own lunch."]
    found = client.embeddings.create(model="embeddings", input=texts)
    vectors = np.array([one.embedding for one in found.data])
    assert [one.index for one in found.data] == [0, 1, 2]
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]
    assert found.usage.prompt_tokens > 0
    plain = client.embeddings.create(model="embeddings", input=texts[0], encoding_format="float")
    assert np.allclose(plain.data[0].embedding, vectors[0], atol=1e-6)
    with use_tenant(desk.world.context):
        assert UsageEvent.objects.filter(outcome="embedded", model=plain.model).count() == 0
        assert UsageEvent.objects.filter(outcome="embedded").count() == 2
    assert "embeddings" in [one.id for one in client.models.list()]
    assert client.models.retrieve("embeddings").id == "embeddings"


WRONG: list[dict[str, Any]] = [
    {"input": []},
    {"input": ""},
    {"input": ["fine", "   "]},
    {"input": "x" * 32_001},
    {"input": ["x"] * 257},
    {"input": [1, 2, 3]},
    {"input": "x", "dimensions": 7},
    {"input": "x", "encoding_format": "hex"},
]


@pytest.mark.parametrize("more", WRONG, ids=range(len(WRONG)))
def test_what_is_no_text_is_refused(desk: Desk, more: dict[str, Any]) -> None:
    headers = {"Authorization": f"Bearer {desk.key}"}
    url = f"{desk.server.url}/v1/embeddings"
    answer = httpx2.post(url, json={"model": "embeddings", **more}, headers=headers, timeout=30)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["message"]


def test_another_model_is_not_found(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError):
        client.embeddings.create(model="text-embedding-9", input="x")


TEXTS = ["Eight rooms face the harbour.", "Two face the garden."]


@pytest.fixture
def paid(desk: Desk, scripted_model: ScriptedModel) -> dict[str, Any]:
    """A model of the organization's own, in use: how it is named to those who change it."""
    granted(desk.world, scripted_model.openai_url)
    endpoint = created(
        desk.world, scripted_model.openai_url, name="paid", role="embedding", values={"model": "paid"}
    )
    here = desk.world
    whose = {"organization": here.organization, "endpoint_id": endpoint.id, "member": here.owner}
    assert services.validate_endpoint(**whose).ok
    services.activate_endpoint(**whose)
    endpoints.forget()
    return whose


def test_whoever_goes_pays_what_it_probably_was_and_who_gets_none_pays_nothing(
    desk: Desk, client: openai.OpenAI, scripted_model: ScriptedModel, paid: dict[str, Any]
) -> None:
    row = limited(desk, 100_000)
    time.sleep(1.2)  # every process knows of it within a second
    scripted_model.script("status:500")
    with pytest.raises(openai.APIStatusError):
        client.embeddings.create(model="embeddings", input=TEXTS)
    with use_tenant(desk.world.context):
        assert counted(row) == (0, 0), "given back at once"
        assert not BudgetReservation.objects.filter(state="held").exists()
        scripted_model.script("slow-headers:20000")
        with pytest.raises(openai.APITimeoutError):
            client.with_options(timeout=5).embeddings.create(model="embeddings", input=TEXTS)
        lines = UsageEvent.objects.filter(outcome="embedded", endpoint="paid")
        deadline = time.monotonic() + 15
        while not lines.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        line = lines.get()
        assert line.input_tokens is None
        assert line.estimated_tokens
        assert counted(row) == (line.estimated_tokens, 0)


@contextmanager
def asking(desk: Desk) -> Iterator[None]:
    """A client that asks for vectors, and goes away at the end of the block without a word."""
    url = httpx2.URL(desk.server.url)
    body = json.dumps({"model": "embeddings", "input": TEXTS})
    head = f"POST /v1/embeddings HTTP/1.1\r\nHost: {url.host}\r\nAuthorization: Bearer {desk.key}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection((url.host, url.port or 80)) as client:
        client.sendall((head + body).encode())
        yield


@contextmanager
def nobody_counts(desk: Desk) -> Iterator[None]:
    """Whoever reserves or settles within the block waits for its end: somebody else is at the counters."""
    with use_tenant(desk.world.context), tenant_atomic():
        assert list(BudgetCounter.objects.select_for_update())
        yield


def until(what: Callable[[], object], told: str) -> None:
    """Well before the sweep frees by itself what nobody lets go, two minutes later."""
    deadline = time.monotonic() + 40
    while not what():
        assert time.monotonic() < deadline, told
        time.sleep(0.05)


def none_is_held() -> bool:
    return not BudgetReservation.objects.filter(state="held").exists()


@pytest.mark.writers_only("the counters are held while somebody reserves")
def test_whoever_goes_while_room_is_made_holds_nothing_and_pays_nothing(
    desk: Desk, client: openai.OpenAI, scripted_model: ScriptedModel, paid: dict[str, Any]
) -> None:
    row = limited(desk, 100_000)
    time.sleep(1.2)  # every process knows of it within a second
    client.embeddings.create(model="embeddings", input=TEXTS)
    with use_tenant(desk.world.context):
        spent, _nothing = counted(row)
    scripted_model.forget()
    with nobody_counts(desk):
        for moment in (0.01, 0.1, 0.5, 3):
            with asking(desk):
                time.sleep(moment)
    client.embeddings.create(model="embeddings", input=TEXTS)  # whoever came before had their turn
    with use_tenant(desk.world.context):
        until(none_is_held, "it holds what nobody will use")
        assert counted(row) == (2 * spent, 0)
        assert UsageEvent.objects.filter(outcome="embedded").count() == 2
    assert len(scripted_model.entries) == 1, "for those who left no model was asked"


@pytest.mark.writers_only("the counters are held while others settle")
def test_a_crowd_that_goes_at_once_holds_nothing(
    desk: Desk, scripted_model: ScriptedModel, paid: dict[str, Any]
) -> None:
    """More than there are threads to write it down; who waits for one is not forgotten."""
    crowd = 3 * settings.HUMANA_ASYNC_THREADS
    row = limited(desk, 100_000)
    time.sleep(1.2)  # every process knows of it within a second
    scripted_model.forget()
    scripted_model.script("slow-headers:60000", times=crowd)
    with ExitStack() as clients:
        for _ in range(crowd):
            clients.enter_context(asking(desk))
        until(lambda: len(scripted_model.entries) == crowd, "not all of them asked the model")
        with nobody_counts(desk):
            clients.close()
            time.sleep(3)  # long enough to be called off more than once
    with use_tenant(desk.world.context):
        until(none_is_held, "somebody's room was forgotten")
        lines = UsageEvent.objects.filter(outcome="embedded", endpoint="paid")
        assert lines.count() == crowd
        assert counted(row) == (sum(one.estimated_tokens for one in lines), 0)


def test_paid_vectors_are_under_the_budget_and_those_of_ours_are_not(
    desk: Desk, client: openai.OpenAI, paid: dict[str, Any]
) -> None:
    world, texts, whose = desk.world, TEXTS, paid
    row = limited(desk, 100_000)
    each = limited(desk, 100_000, each=True)
    time.sleep(1.2)  # every process knows of both within a second
    client.embeddings.create(model="embeddings", input=texts)
    with use_tenant(world.context):
        (line,) = UsageEvent.objects.filter(outcome="embedded", endpoint="paid")
        spent = (line.input_tokens or 0) + (line.estimated_tokens or 0)
        assert counted(row) == counted(each) == (spent, 0)
        assert spent > 0
        day = UsageDay.objects.get(model=line.model)
        assert (day.input_tokens + day.estimated_tokens, day.companion_id) == (spent, None)
        change_budget(member=world.owner, budget=row, wanted={"amount": spent})
    with pytest.raises(openai.RateLimitError) as refusal:
        client.embeddings.create(model="embeddings", input=texts)
    assert refusal.value.code == "insufficient_quota"
    services.withdraw_endpoint(**whose)
    time.sleep(1.2)
    assert client.embeddings.create(model="embeddings", input=texts).usage.prompt_tokens > 0, "ours is free"
    with use_tenant(world.context):
        assert counted(row) == (spent, 0)
        assert not BudgetReservation.objects.filter(state="held").exists()
