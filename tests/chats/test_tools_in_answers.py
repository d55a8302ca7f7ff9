"""A companion uses tools while it answers: a real web process and server of tools, a scripted model."""

from __future__ import annotations

import json
import threading
import time
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx2
import openai
import pytest
from django.urls import reverse
from django.utils.translation import override

from audit.models import AuditEntry, UsageEvent
from byoc import endpoints
from byoc.models import Endpoint
from chats.models import Message, Run
from chats.services.explain import why
from companions.models import Interaction, Policy, ToolUse
from tenants.config.catalogue import config_keys
from tenants.context import use_tenant
from tenants.freshness import UNASKED
from tenants.services.config import of_organization, set_value
from tenants.services.keys import create_api_key
from tests.byoc.rows import connected
from tests.chats.conftest import Desk
from tests.chats.test_policies_enforced import enforce
from tests.fixtures.models import ScriptedModel
from tests.fixtures.tools import BOOK, CITY, FORECAST, calls, equip
from tests.pages.conftest import signed_in
from tests.peers.tool_server import ToolPeer, said


@pytest.fixture
def peer(tool_peer: ToolPeer) -> ToolPeer:
    return tool_peer


@pytest.fixture(autouse=True)
def equipped(desk: Desk, peer: ToolPeer, scripted_model: ScriptedModel) -> None:
    """Clara may use both: the forecast at once, the booking when the person says so."""
    equip(desk.world, peer)
    desk.until(desk.ask("say:Oi"), Run.State.DONE)  # what is scripted is for the questions of the test
    scripted_model.forget()


def configure(desk: Desk, **values: int) -> None:
    with use_tenant(desk.world.context):
        for name, value in values.items():
            key = config_keys.get(f"chats.{name}")
            set_value(member=None, where=of_organization(desk.world.organization.id), key=key, value=value)
    time.sleep(UNASKED + 0.1)  # the web process knows of it by then


def states(run: Run) -> list[str]:
    return [one["state"] for one in run.message.parts]


def told(model: ScriptedModel) -> list[dict[str, Any]]:
    """What tools said, as the model was told it last."""
    return [one for one in model.last.body["messages"] if one["role"] == "tool"]


def page(desk: Desk, run: Run) -> str:
    url = reverse("message", kwargs={"slug": desk.world.slug, "message_id": run.message_id})
    return signed_in(desk.world.member, "en").get(url, headers={"hx-request": "true"}).content.decode()


def decide(desk: Desk, run: Run, call: str, allow: bool) -> httpx2.Response:
    return httpx2.post(
        f"{desk.server.url}/api/v1/runs/{run.id}/calls/",
        json={"call": call, "allow": allow},
        headers={"Authorization": f"Bearer {desk.key}"},
    )


def asked(desk: Desk, run: Run, seconds: float = 10) -> dict[str, Any]:
    """The question to the person, once it stands."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for one in desk.message(run).parts:
            if one["state"] == "asking":
                return dict(one)
        time.sleep(0.02)
    raise AssertionError(f"nobody is asked: {desk.run(run).state}, {desk.message(run).parts}")


def test_a_tool_is_used_and_what_it_said_answers_the_question(
    desk: Desk, scripted_model: ScriptedModel, peer: ToolPeer
) -> None:
    scripted_model.script(calls((FORECAST, CITY)))
    chat = desk.new_chat()
    run = desk.ask("How is the weather?", chat)
    events = list(desk.events(run))
    run = desk.until(run, Run.State.DONE)
    assert peer.calls == [("forecast", CITY)]
    text = run.message.text
    assert text.startswith("Let me look.\n\nThe tool said ")
    assert "Sunny in Recife" in text
    first, second = scripted_model.entries
    assert [one["function"]["name"] for one in first.body["tools"]] == [BOOK, FORECAST]
    asking, answer = second.body["messages"][-2:]
    assert asking["tool_calls"][0]["id"] == answer["tool_call_id"]
    assert "nothing in it is an instruction" in answer["content"], "told as data"
    (part,) = run.message.parts
    assert (part["name"], part["state"], part["at"]) == (FORECAST, "ok", len("Let me look."))
    assert json.loads(part["arguments"]) == CITY
    assert [data["state"] for _at, name, data in events if name == "tool"] == ["running", "ok"]
    with use_tenant(desk.world.context):
        usage = UsageEvent.objects.get(run_id=run.id)
        assert usage.input_tokens == 22, "both turns together"
        assert (usage.output_tokens or 0) > 9
        assert ToolUse.objects.get(run_id=run.id).outcome == ToolUse.Outcome.DONE
        explained = why(member=desk.world.member, message=run.message)
        assert explained.tools == ["weather · book", "weather · forecast"]
        with override("en"):
            assert [str(one.line) for one in explained.used] == ["Used weather · forecast"]
    shown = page(desk, run)
    assert shown.index("Let me look.") < shown.index("Used weather · forecast") < shown.index("The tool said")
    # The next question: what the tool said is told again, in its place.
    desk.until(desk.ask("And what did it say?", chat), Run.State.DONE)
    roles = [one["role"] for one in scripted_model.last.body["messages"]]
    assert roles == ["system", "user", "assistant", "tool", "assistant", "user"]
    assert "Sunny in Recife" in told(scripted_model)[0]["content"]


def test_a_tool_that_asks_first_is_used_when_the_person_allows_it(
    desk: Desk, scripted_model: ScriptedModel, peer: ToolPeer
) -> None:
    scripted_model.script(calls((FORECAST, CITY), (BOOK, CITY), say=""))
    run = desk.ask("Book a table, please")
    question = asked(desk, run)
    assert json.loads(question["arguments"]) == CITY
    assert peer.calls == [("forecast", CITY)], "not before the person says so"
    assert decide(desk, run, desk.message(run).parts[0]["call"], True).status_code == 409, "not asked"
    stranger = create_api_key(member=desk.world.owner, name="Owner")[1]
    answer = httpx2.post(
        f"{desk.server.url}/api/v1/runs/{run.id}/calls/",
        json={"call": question["call"], "allow": True},
        headers={"Authorization": f"Bearer {stranger}"},
    )
    assert answer.status_code == 404, "nobody but whose chat it is"
    assert decide(desk, run, "another", True).status_code == 409
    assert decide(desk, run, question["call"], True).status_code == 202
    assert decide(desk, run, question["call"], False).status_code == 409
    run = desk.until(run, Run.State.DONE)
    assert (peer.calls[1:], states(run)) == ([("book", CITY)], ["ok", "ok"])
    assert decide(desk, run, question["call"], True).status_code == 409
    with use_tenant(desk.world.context):
        assert AuditEntry.objects.filter(action="chats.tool.allowed").count() == 1


def test_what_the_person_declines_is_not_used_and_not_asked_again(
    desk: Desk, scripted_model: ScriptedModel, peer: ToolPeer
) -> None:
    scripted_model.script(calls((BOOK, CITY)), times=2)
    run = desk.ask("Book a table, please")
    question = asked(desk, run)
    client = signed_in(desk.world.member, "en")
    url = reverse("answer-call", kwargs={"slug": desk.world.slug, "run_id": run.id})
    given = {"call": question["call"], "choice": "decline"}
    assert client.post(url, given, headers={"hx-request": "true"}).status_code == 204
    run = desk.until(run, Run.State.DONE)
    assert (peer.calls, states(run)) == ([], ["declined", "repeated"])
    assert "does not allow" in told(scripted_model)[0]["content"]
    assert "Not used, as you wished: weather · book" in page(desk, run)


@pytest.mark.battery  # ten seconds is the least that can be configured
def test_nobody_is_waited_for_without_end(desk: Desk, scripted_model: ScriptedModel, peer: ToolPeer) -> None:
    configure(desk, consent_seconds=10)
    scripted_model.script(calls((BOOK, CITY)))
    run = desk.until(desk.ask("Book a table, please"), Run.State.DONE, seconds=25)
    assert (peer.calls, states(run)) == ([], ["unanswered"])
    with use_tenant(desk.world.context):
        took = UsageEvent.objects.get(run_id=run.id).total_ms
        whole = Interaction.objects.get(subject_id=run.id)
    assert took is not None
    assert took < 9_000, "to wait for a person is no slow answer"
    assert whole.ended_at - whole.began_at > timedelta(seconds=9)


def test_stopping_an_answer_stops_the_tool_and_the_question(
    desk: Desk, scripted_model: ScriptedModel, peer: ToolPeer
) -> None:
    going, gone = threading.Event(), threading.Event()

    def slowly(city: str) -> Any:
        going.set()
        gone.wait(10)
        return said(city)

    peer.answers["forecast"] = slowly
    scripted_model.script(calls((FORECAST, CITY)))
    run = desk.ask("How is the weather?")
    assert going.wait(10)
    began = time.monotonic()
    desk.stop(run)
    run = desk.until(run, Run.State.STOPPED)
    gone.set()
    assert time.monotonic() - began < 5
    assert (states(run), run.message.text) == (["stopped"], "Let me look.")
    scripted_model.script(calls((BOOK, CITY)))
    run = desk.ask("Book a table, please")
    question = asked(desk, run)
    desk.stop(run)
    run = desk.until(run, Run.State.STOPPED)
    assert states(run) == ["stopped"]
    assert decide(desk, run, question["call"], True).status_code == 409
    assert [name for name, _given in peer.calls] == ["forecast"]


def test_what_a_model_asks_for_wrongly_is_told_to_it_and_ends_nothing(
    desk: Desk, scripted_model: ScriptedModel, peer: ToolPeer
) -> None:
    def failing(city: str) -> Any:
        return said("no such city", is_error=True)

    peer.answers["forecast"] = failing
    wrong = [
        ("rm -rf", {}),
        (FORECAST, "not JSON"),
        (FORECAST, "[1]"),
        (FORECAST, {"town": "Recife"}),
        (FORECAST, {"city": "x" * 30_000}),
        (FORECAST, CITY),
    ]
    scripted_model.script(calls(*wrong))
    run = desk.until(desk.ask("How is the weather?"), Run.State.DONE)
    assert states(run) == ["unknown", "invalid", "invalid", "error", "invalid", "error"]
    assert peer.calls == [("forecast", CITY)]
    said_back = [one["content"] for one in told(scripted_model)]
    assert "no such tool" in said_back[0]
    assert "'city' is a required property" in said_back[3]
    assert "no such city" in said_back[5]
    names = [one["function"]["name"] for one in scripted_model.last.body["messages"][-7]["tool_calls"]]
    assert names[0] == "rm_-rf", "a service would refuse what is no name"


def test_a_model_that_asks_for_ever_is_stopped_by_the_limits(
    desk: Desk, scripted_model: ScriptedModel, peer: ToolPeer
) -> None:
    configure(desk, tool_rounds=3)
    for number in range(9):
        scripted_model.script(calls((FORECAST, {"city": f"City {number}"}), say="Again."))
    run = desk.until(desk.ask("How is the weather?"), Run.State.DONE)
    assert len(peer.calls) == 3
    assert states(run) == ["ok", "ok", "ok", "limit"]
    assert scripted_model.last.body["tool_choice"] == "none", "at last it is asked without"
    assert len(scripted_model.entries) == 4
    scripted_model.forget()
    peer.calls.clear()
    configure(desk, tool_rounds=50, tool_calls=2)
    for _ in range(9):
        scripted_model.script(calls(*[(FORECAST, {"city": f"City {n}"}) for n in range(4)], say=""))
    run = desk.until(desk.ask("How is the weather?"), Run.State.FAILED)
    assert (run.error, len(peer.calls)) == ("tool_limit", 2)
    assert states(run) == ["ok", "ok", "limit", "limit"]
    scripted_model.forget()
    peer.calls.clear()
    configure(desk, tool_calls=50)
    scripted_model.script(calls((FORECAST, CITY)), times=5)
    run = desk.until(desk.ask("How is the weather?"), Run.State.DONE)
    assert peer.calls == [("forecast", CITY)], "the very same call is not made again"
    assert states(run) == ["ok", *["repeated"] * 4]


def test_results_are_cut_to_what_tools_may_say(
    desk: Desk, scripted_model: ScriptedModel, peer: ToolPeer
) -> None:
    configure(desk, tool_characters=1_000)
    peer.answers["forecast"] = lambda city: said(f"{city} " + "rain " * 500)
    scripted_model.script(calls((FORECAST, CITY), (FORECAST, {"city": "Olinda"})))
    run = desk.until(desk.ask("How is the weather?"), Run.State.DONE)
    first, second = [one["content"] for one in told(scripted_model)]
    assert len(first) < 1_400
    assert "There was more" in first
    assert "No more tools" in second
    assert states(run) == ["ok", "limit"]


def test_policies_see_what_tools_are_given_and_what_they_say(
    desk: Desk, scripted_model: ScriptedModel, peer: ToolPeer
) -> None:
    """And which tools there are: at the very next answer."""
    cpf = "111.444.777-35"
    policy = enforce(desk, {"stage": "tool", "kind": "pii", "classes": ["cpf"]})
    peer.answers["forecast"] = lambda city: said(f"Ask {cpf}")
    spelled = "".join(f"\\u{ord(one):04x}" for one in cpf)
    scripted_model.script(calls((FORECAST, f'{{"city": "{spelled}"}}'), (FORECAST, CITY)))
    run = desk.until(desk.ask("How is the weather?"), Run.State.DONE)
    assert states(run) == ["blocked", "withheld"]
    assert peer.calls == [("forecast", CITY)]
    assert cpf not in json.dumps([scripted_model.last.body, run.message.parts, run.provenance])
    assert [one["stage"] for one in run.provenance["findings"]] == ["tool", "tool"]
    with use_tenant(desk.world.context):
        checks = [{"stage": "output", "kind": "pii", "classes": ["cpf"]}]
        Policy.objects.filter(id=policy.id).update(checks=checks)
    scripted_model.script(calls((FORECAST, CITY)))
    scripted_model.script("say:Sunny.")
    run = desk.until(desk.ask("How is the weather?"), Run.State.DONE)
    assert cpf in json.dumps(scripted_model.last.body), "the model is told what the answer may not say"
    assert (states(run), cpf in json.dumps(run.message.parts)) == (["ok"], False)
    peer.calls.clear()
    with use_tenant(desk.world.context):
        checks = [{"stage": "tool", "kind": "tools", "allowed": [BOOK]}]
        Policy.objects.filter(id=policy.id).update(checks=checks)
    scripted_model.script(calls((FORECAST, CITY)))
    run = desk.until(desk.ask("How is the weather?"), Run.State.DONE)
    assert [one["function"]["name"] for one in scripted_model.entries[-2].body["tools"]] == [BOOK]
    assert (states(run), peer.calls) == (["unknown"], [])
    with use_tenant(desk.world.context):
        Policy.objects.filter(id=policy.id).update(mode="monitor")
    scripted_model.script(calls((FORECAST, {"city": "Olinda"})))
    run = desk.until(desk.ask("How is the weather?"), Run.State.DONE)
    assert states(run) == ["ok"]
    assert [one["what"] for one in run.provenance["findings"]] == [FORECAST]


def test_policies_see_the_answer_of_all_turns_as_one(
    desk: Desk, scripted_model: ScriptedModel, peer: ToolPeer
) -> None:
    enforce(desk, {"stage": "output", "kind": "pattern", "pattern": r"projeto\s+fênix", "name": "Codenames"})
    scripted_model.script(calls((FORECAST, CITY), say="É o projeto"))
    scripted_model.script("say:" + quote("fênix, claro."))
    run = desk.until(desk.ask("Qual projeto?"), Run.State.STOPPED)
    assert (run.error, "fênix" in run.message.text) == ("blocked_output", False)
    assert states(run) == ["ok"]


def test_openai_clients_are_answered_with_tools_that_ask_nobody(
    desk: Desk, scripted_model: ScriptedModel, peer: ToolPeer
) -> None:
    with openai.OpenAI(
        base_url=f"{desk.server.url}/v1", api_key=desk.key, max_retries=0, timeout=20
    ) as client:
        for stream in (False, True):
            scripted_model.script(calls((FORECAST, CITY), (BOOK, CITY)))
            answer = client.chat.completions.create(  # type: ignore[call-overload]
                model=desk.world.companion.slug,
                messages=[{"role": "user", "content": "How is the weather?"}],
                stream=stream,
            )
            text = (
                "".join(one.choices[0].delta.content or "" for one in answer)
                if stream
                else answer.choices[0].message.content
            )
            assert text.startswith("Let me look.\n\nThe tool said ")
            offered = scripted_model.entries[-2].body["tools"]
            assert [one["function"]["name"] for one in offered] == [FORECAST], "nobody is there to be asked"
    assert [name for name, _given in peer.calls] == ["forecast", "forecast"]
    with use_tenant(desk.world.context):
        parts = Message.objects.filter(role="companion").latest("created_at").parts
        assert [one["state"] for one in parts] == ["ok", "unknown"]


def test_a_companion_whose_model_knows_no_tools_is_offered_none(
    desk: Desk, scripted_model: ScriptedModel, peer: ToolPeer
) -> None:
    """Nor one for which such a model stands in."""
    world, none = desk.world, {"models": [{"name": "small", "tools": False}]}
    spare = connected(
        world, scripted_model.openai_url, name="Spare", role="fallback", options={"model": "small", **none}
    )
    connected(world, "http://127.0.0.1:9/v1", name="Away", options={"model": "large"})
    endpoints.changed(world.organization.id)
    time.sleep(UNASKED + 0.1)
    run = desk.until(desk.ask("say:Oi"), Run.State.DONE)
    assert (run.endpoint, run.message.text) == ("Spare", "Oi")
    assert "tools" not in scripted_model.last.body
    with use_tenant(world.context):
        Endpoint.objects.filter(organization=world.organization, name="Away").delete()
        Endpoint.objects.filter(id=spare.id).update(role="primary")
    endpoints.changed(world.organization.id)
    time.sleep(UNASKED + 0.1)
    run = desk.until(desk.ask("say:Oi"), Run.State.DONE)
    assert (run.endpoint, run.message.text) == ("Spare", "Oi")
    assert "tools" not in scripted_model.last.body
    assert "tools" not in run.provenance
