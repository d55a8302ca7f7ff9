"""/v1 as a developer sees it: the official SDK, unchanged, and a companion as its model."""

from __future__ import annotations

import time

import httpx2
import openai
import pytest

from audit.models import UsageEvent
from chats.models import Chat, Message, Run
from tenants.context import use_tenant
from tests.chats.conftest import Desk
from tests.fixtures.models import ScriptedModel


@pytest.fixture
def client(desk: Desk) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{desk.server.url}/v1", api_key=desk.key, max_retries=0, timeout=20)


def companion(desk: Desk) -> str:
    return desk.world.companion.slug


def say(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


def test_companions_are_models(desk: Desk, client: openai.OpenAI) -> None:
    assert companion(desk) in [model.id for model in client.models.list()]
    assert client.models.retrieve(companion(desk)).owned_by == "humana"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("scripted")


def test_an_answer_whole_and_streamed_are_the_same(
    desk: Desk, client: openai.OpenAI, scripted_model: ScriptedModel
) -> None:
    ask = {"model": companion(desk), "messages": say("say:Bom%20dia,%20mundo")}
    whole = client.chat.completions.create(**ask)  # type: ignore[call-overload]
    chunks = list(
        client.chat.completions.create(**ask, stream=True, stream_options={"include_usage": True})  # type: ignore[call-overload]
    )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert whole.choices[0].message.content == text == "Bom dia, mundo"
    assert whole.model == companion(desk) == chunks[0].model
    assert whole.id.startswith("chatcmpl-")
    assert whole.usage.total_tokens == chunks[-1].usage.total_tokens > 0
    assert whole.choices[0].finish_reason == chunks[-2].choices[0].finish_reason == "stop"


def test_each_call_is_saved_metered_and_out_of_the_persons_list(
    desk: Desk, client: openai.OpenAI, scripted_model: ScriptedModel
) -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        *say("say:first"),
        {"role": "assistant", "content": "first"},
    ]
    answer = client.chat.completions.create(model=companion(desk), messages=[*messages, *say("say:second")])  # type: ignore[list-item]
    with use_tenant(desk.world.context):
        run = Run.objects.select_related("message__chat").get(id=answer.id.removeprefix("chatcmpl-"))
        assert run.message.chat.origin == Chat.Origin.OPENAI
        assert Message.objects.get(id=run.message.parent_id).text == "say:second"
        assert UsageEvent.objects.filter(run_id=run.id, outcome="done").exists()
    told = scripted_model.last.body["messages"]
    assert told[0]["role"] == "system"
    assert told[0]["content"].endswith("Be brief."), "the companion's own prompt comes first"
    assert [one["content"] for one in told[1:]] == ["say:first", "first", "say:second"]


def test_a_client_that_goes_away_stops_the_model(
    desk: Desk, client: openai.OpenAI, scripted_model: ScriptedModel
) -> None:
    stream = client.chat.completions.create(model=companion(desk), messages=say("paced:1000:20"), stream=True)  # type: ignore[arg-type]
    for _chunk, _number in zip(stream, range(10), strict=False):
        pass
    left = time.time()
    stream.close()
    entry = scripted_model.wait_for(lambda one: one.left_at is not None)
    assert entry.left_at is not None
    assert entry.left_at - left < 1
    with use_tenant(desk.world.context):
        run = Run.objects.order_by("-id").first()
    assert run is not None
    assert desk.until(run, Run.State.STOPPED).message.text


@pytest.mark.parametrize(
    ("script", "error", "status"),
    [
        ("status:500", openai.InternalServerError, 503),
        ("status:429:0", openai.RateLimitError, 429),
        ("too-long", openai.APIStatusError, 502),
        ("status:401", openai.APIStatusError, 502),
    ],
)
def test_failures_arrive_as_the_sdks_own_errors(
    desk: Desk,
    client: openai.OpenAI,
    scripted_model: ScriptedModel,
    script: str,
    error: type[openai.APIStatusError],
    status: int,
) -> None:
    for stream in (False, True):
        with pytest.raises(error) as caught:
            client.chat.completions.create(model=companion(desk), messages=say(script), stream=stream)  # type: ignore[call-overload]
        assert caught.value.status_code == status
        assert caught.value.body["id"]  # type: ignore[index]


def test_an_answer_cut_in_the_middle_says_so_in_the_stream(
    desk: Desk, client: openai.OpenAI, scripted_model: ScriptedModel
) -> None:
    stream = client.chat.completions.create(model=companion(desk), messages=say("cut:5"), stream=True)  # type: ignore[arg-type]
    with pytest.raises(openai.APIError, match="broke off"):
        list(stream)


def test_keys_that_do_not_open_are_refused(desk: Desk) -> None:
    for key in ("hk_wrong", "hk_" + "a" * 43, "Bearer", "' OR 1=1 --", "hk_" + "é" * 43):
        headers = {"Authorization": f"Bearer {key}".encode()}
        answer = httpx2.get(f"{desk.server.url}/v1/models", headers=headers)
        assert answer.status_code == 401
        assert answer.json()["error"]["type"] == "authentication_error"
    assert httpx2.get(f"{desk.server.url}/v1/models").status_code == 401


HOSTILE = [
    b"",
    b"null",
    b"[]",
    b'{"model": 1}',
    b'{"model": "x"}',
    b'{"model": "clara", "messages": []}',
    b'{"model": "clara", "messages": [{"role": "user", "content": ""}]}',
    b'{"model": "clara", "messages": [{"role": "wizard", "content": "x"}]}',
    b'{"model": "clara", "messages": [{"role": "user", "content": "a\\u0000b"}]}',
    b'{"model": "clara", "messages": [{"role": "user", "content": "\\ud800"}]}',
    b'{"model": "clara", "messages": [{"role": "user", "content": [{"type": "image_url"}]}]}',
    b'{"model": "clara", "messages": [{"role": "user", "content": "x"}], "temperature": 99}',
    b'{"model": "clara", "messages": [{"role": "user", "content": "x"}], "max_tokens": 0}',
    b'{"model": "clara", "messages": [{"role": "user", "content": "x"}], "max_tokens": ' + b"9" * 500 + b"}",
    b'{"a":' * 100_000,
    b"[" * 100_000,
    b"\xff\xfe\x00",
    b'{"model": "clara", "messages": [{"role": "user", "content": "' + b"x" * 40_000 + b'"}]}',
    b'{"model": "' + b"x" * 2_000_000 + b'"}',
]


@pytest.mark.in_turn(4)
@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_bodies_are_refused_with_a_sentence(desk: Desk, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {desk.key}"}
    body = body.replace(b"clara", companion(desk).encode())
    answer = httpx2.post(f"{desk.server.url}/v1/chat/completions", content=body, headers=headers, timeout=20)
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.json()["error"]["message"]


def test_unknown_routes_and_methods_are_not_found(desk: Desk) -> None:
    headers = {"Authorization": f"Bearer {desk.key}"}
    for method, path in [
        ("GET", "/v1/chat/completions"),
        ("POST", "/v1/models"),
        ("GET", "/v1/"),
        ("PUT", "/v1/files"),
    ]:
        assert httpx2.request(method, desk.server.url + path, headers=headers).status_code == 404
