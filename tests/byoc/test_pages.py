"""An administrator connects a model on the pages: entered, validated, activated, changed, withdrawn."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from byoc import endpoints, standing
from byoc.models import Endpoint, EndpointHealth
from byoc.sealing import credentials_of
from byoc.services.failover import fail_over
from tenants.context import use_tenant
from tests.byoc.rows import connected, entered
from tests.byoc.test_endpoints import KEY, active, answer, granted
from tests.fixtures.models import ScriptedModel
from tests.fixtures.organizations import World
from tests.pages.conftest import signed_in
from tests.pages.reading import Page, shortcomings

pytestmark = pytest.mark.django_db
HOME = "/o/left/settings/endpoints/"


@pytest.fixture
def ana(left: World) -> Client:
    return signed_in(left.owner)


def filled(url: str, **changes: Any) -> dict[str, Any]:
    told = {
        "name": "Our own model", "role": "primary", "value_url": url, "value_key": KEY, "value_model": "echo",
        "value_attempts": "1", "tags": "gold, 2026", "rank": "0",
    }  # fmt: skip
    return told | changes


def typed(client: Client, told: dict[str, Any]) -> Any:
    return client.post(f"{HOME}new/?type=llm/custom", told, follow=True)


def only(world: World) -> Endpoint:
    (row,) = entered(world)
    return row


def test_from_the_form_to_an_answer_and_out_of_use(
    ana: Client, left: World, scripted_model: ScriptedModel
) -> None:
    granted(left, scripted_model.openai_url)
    page = typed(ana, filled(scripted_model.openai_url))
    assert "It answers, in" in Page(page).words
    row = only(left)
    assert (row.state, row.tags) == ("ready", ["gold", "2026"])
    page = ana.post(f"{HOME}{row.id}/activate/", follow=True)
    assert "is in use" in Page(page).words
    assert "Clara" in Page(page).words, "who uses it"
    endpoints.forget()
    assert answer(left) == "Bom dia"
    assert "is in use: withdraw it first" in " ".join(
        Page(ana.post(f"{HOME}{row.id}/remove/", follow=True)).words.lower().split()
    )
    ana.post(f"{HOME}{row.id}/withdraw/")
    assert "is removed" in Page(ana.post(f"{HOME}{row.id}/remove/", follow=True)).words
    assert KEY not in page.content.decode()


def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(ana: Client, left: World) -> None:
    page = Page(
        answer := typed(ana, filled("https://models.example/v1?x=1", value_attempts="many", value_model=""))
    )
    assert shortcomings(page) == []
    fields = {one["name"]: one for one in page.all("input")}
    assert fields["value_attempts"]["aria-invalid"] == fields["value_model"]["aria-invalid"] == "true"
    assert fields["value_url"]["value"] == "https://models.example/v1?x=1"
    assert "please enter it once more" in page.words
    assert KEY not in answer.content.decode()
    page = Page(typed(ana, filled("https://models.example/v1?x=1")))
    assert "Leave out what comes after" in page.words
    assert entered(left) == []


def test_an_address_that_nobody_granted_is_told_so(
    ana: Client, left: World, scripted_model: ScriptedModel
) -> None:
    page = Page(typed(ana, filled(scripted_model.openai_url)))
    assert "an operator can grant it" in page.words
    assert only(left).state == "draft"


def test_a_change_keeps_the_secret_that_is_not_typed_again(
    ana: Client, left: World, scripted_model: ScriptedModel
) -> None:
    row = active(left, scripted_model.openai_url)
    form = Page(ana.get(f"{HOME}{row.id}/change/"))
    assert "Kept. Leave it empty to keep it" in form.words
    assert shortcomings(form) == []
    told = filled(scripted_model.openai_url, name="Renamed", value_key="", seen=row.version)
    assert "It answers, in" in Page(ana.post(f"{HOME}{row.id}/change/", told, follow=True)).words
    row = only(left)
    assert (row.name, credentials_of(row)) == ("Renamed", {"key": KEY})
    told |= {"value_url": "http://127.0.0.1:1/v1", "seen": row.version}
    granted(left, "http://127.0.0.1:1/v1")
    page = Page(ana.post(f"{HOME}{row.id}/change/", told))
    assert [one for one in page.all("p") if one["class"] == "notice harm"], "it does not serve there"
    assert answer(left) == "Bom dia"
    stale = ana.post(f"{HOME}{row.id}/change/", told | {"seen": 1, "value_url": scripted_model.openai_url})
    assert "Somebody changed this in the meantime" in Page(stale).words


def test_one_quiet_line_while_something_is_not_well(
    ana: Client, left: World, scripted_model: ScriptedModel
) -> None:
    row = active(left, scripted_model.openai_url)
    assert "is not well" not in Page(ana.get("/o/left/")).words
    with use_tenant(left.context):
        EndpointHealth.objects.create(
            organization=left.organization,
            endpoint=row,
            state="bad",
            code="timeout",
            message="It was silent.",
        )
    assert "Our own model is not well." in Page(ana.get("/o/left/")).words
    plain = Page(signed_in(left.member).get("/o/left/")).words
    assert "is not well" not in plain
    assert "A service of your organization does not work" in plain
    report = Page(ana.get("/o/left/settings/health/")).words
    assert "Something that is needed does not serve" in report
    assert "It was silent." in report


def test_a_companion_is_given_another_model(ana: Client, left: World, scripted_model: ScriptedModel) -> None:
    active(left, scripted_model.openai_url)
    page = Page(ana.get("/o/left/settings/infrastructure/"))
    assert shortcomings(page) == []
    chosen = f"/o/left/settings/infrastructure/{left.companion.id}/"
    assert (
        "answers with Our own model" in Page(ana.post(chosen, {"model": "Our own model"}, follow=True)).words
    )
    assert ana.post(chosen, {"model": "nobody's"}).status_code == 422
    with use_tenant(left.context):
        left.companion.refresh_from_db()
    assert left.companion.model == "Our own model"


def test_while_another_stands_in_one_sees_for_whom(
    ana: Client, left: World, scripted_model: ScriptedModel
) -> None:
    usual = connected(left, scripted_model.openai_url, name="Usual")
    connected(left, scripted_model.openai_url, name="Spare", role="fallback")
    place = "/o/left/settings/infrastructure/"
    assert "answers now" not in Page(ana.get(place)).words
    fail_over(organization=left.organization, endpoint_id=usual.id)
    standing.forget()  # what the commit tells every process
    words = Page(ana.get(place)).words
    assert re.search(r"Usual\s*\w*\s*Spare answers now", words), words[400:]


def test_who_may_only_read_is_offered_nothing_to_press(left: World) -> None:
    left.member.role = "auditor"
    left.member.save()
    auditor = signed_in(left.member)
    page = Page(auditor.get(f"{HOME}{left.endpoint}/"))
    assert not [
        one for one in page.all("button") if one.words.strip() in {"Validate", "Remove it", "Activate"}
    ]
    for way in ("validate", "activate", "withdraw", "remove"):
        assert auditor.post(f"{HOME}{left.endpoint}/{way}/").status_code == 403
    assert auditor.get(f"{HOME}new/").status_code == 403
    assert auditor.get(f"{HOME}{left.endpoint}/change/").status_code == 403


def test_who_may_not_see_endpoints_is_refused(left: World) -> None:
    client = signed_in(left.member)
    for address in (
        HOME,
        f"{HOME}{left.endpoint}/",
        "/o/left/settings/health/",
        "/o/left/settings/infrastructure/",
    ):
        assert client.get(address).status_code == 403, address


@pytest.mark.parametrize("name", ["", "llm/none", "storage/local", "llm/openai/x", "%00"])
def test_what_is_not_offered_leads_back_to_the_choice(ana: Client, name: str) -> None:
    page = ana.get(f"{HOME}new/?type={name}")
    assert page.status_code == 200
    assert "What would you like to connect?" in Page(page).words


def rows(*models: dict[str, str], **more: str) -> dict[str, str]:
    typed = {f"model_{n}_{column}": value for n, one in enumerate(models) for column, value in one.items()}
    return {"models_shown": "1", **typed, **more}


def test_what_models_can_do_and_cost_is_entered_on_the_page(
    ana: Client, left: World, scripted_model: ScriptedModel
) -> None:
    granted(left, scripted_model.openai_url)
    echo = {"name": "echo", "base": "gpt-4o-mini", "tools": "false", "input": "14.50", "output": "0"}
    every = {"name": "*", "input": "1", "output": "2", "cached": "0.25"}
    told = filled(scripted_model.openai_url) | rows(echo, every, currency="brl", limit_context_tokens="8000")
    assert "It answers, in" in Page(typed(ana, told)).words
    row = only(left)
    assert row.offers == [{"name": "echo", "base": "gpt-4o-mini", "tools": False}]
    prices = {"echo": {"input": "14.5", "output": "0"}, "*": {"input": "1", "output": "2", "cached": "0.25"}}
    assert row.prices == {"currency": "BRL", "models": prices}
    assert row.limits == {"context_tokens": 8000}
    form = Page(ana.get(f"{HOME}{row.id}/change/"))
    assert shortcomings(form) == []
    fields = {one["name"]: one["value"] for one in form.all("input")}
    assert (fields["model_0_input"], fields["model_1_name"], fields["currency"]) == ("14.5", "*", "BRL")
    assert fields["model_3_name"] == "", "there is room for more"
    with use_tenant(left.context):  # what a program said beside that
        Endpoint.objects.filter(id=row.id).update(offers=[{"name": "echo", "accepts_temperature": False}])
    told = filled(scripted_model.openai_url, value_key="", seen=row.version)
    ana.post(f"{HOME}{row.id}/change/", told)
    assert only(left).prices == row.prices, "who sends no rows changes none"
    told |= rows({"name": "echo", "vision": "true"}, seen=str(only(left).version))
    assert "It answers, in" in Page(ana.post(f"{HOME}{row.id}/change/", told, follow=True)).words
    row = only(left)
    assert row.offers == [{"name": "echo", "accepts_temperature": False, "vision": True}]
    assert (row.prices, row.limits) == ({}, {})


def test_what_is_wrong_in_a_row_is_said_there(ana: Client, left: World) -> None:
    told = filled("https://models.example/v1") | rows(
        {"name": "echo", "input": "-1"}, {"name": "", "output": "2"}, {"name": "echo"}, currency="reais"
    )
    page = Page(typed(ana, told))
    assert shortcomings(page) == []
    wrong = {one["name"] for one in page.all("input") if one["aria-invalid"]}
    assert wrong == {"model_0_input", "model_1_name", "model_2_name", "currency"}
    assert "Name the model, or empty the whole row." in page.words
    fields = {one["name"]: one["value"] for one in page.all("input")}
    assert (fields["model_0_input"], fields["model_1_output"]) == ("-1", "2"), "nothing is lost"
    assert entered(left) == []
