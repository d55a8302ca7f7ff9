"""Carla brings her own model: she connects it, activates it, talks with it, and takes it out of use."""

from __future__ import annotations

import re

import pytest

from byoc.models import EgressGrant
from tenants.context import use_tenant
from tenants.models import Membership
from tests.browser.conftest import Reader
from tests.fixtures.models import ScriptedModel

pytestmark = [pytest.mark.browser, pytest.mark.needs("chromium"), pytest.mark.battery]
KEY = "sk-carla-own"


@pytest.fixture
def carla(reader: Reader, scripted_model: ScriptedModel) -> Reader:
    """An administrator whose operator let her dial a private address."""
    world = reader.desk.world
    with use_tenant(world.context):
        Membership.objects.filter(pk=world.member.pk).update(role="admin")
        EgressGrant.objects.create(
            organization=world.organization, scheme="http", host="127.0.0.1", port=scripted_model.port,
            reason="A model on the test's own machine",
        )  # fmt: skip
    reader.sign_in()
    return reader


def connect(carla: Reader, url: str) -> None:
    page = carla.page
    carla.visit(f"/o/{carla.desk.world.slug}/settings/endpoints/")
    page.get_by_role("link", name="Connect an endpoint").first.click()
    page.get_by_role("link", name="Another that speaks OpenAI's protocol").click()
    page.get_by_label("Name", exact=True).fill("Our own model")
    page.get_by_label("Address").fill(url)
    page.get_by_label("Key", exact=True).fill(KEY)
    page.get_by_label("Model", exact=True).fill("cerrado-1")
    page.get_by_role("button", name="Save and validate").click()
    page.get_by_text(re.compile("It answers, in")).wait_for()


def test_a_model_of_ones_own_from_the_form_to_an_answer_and_back(
    carla: Reader, scripted_model: ScriptedModel
) -> None:
    page = carla.page
    connect(carla, scripted_model.openai_url)
    page.get_by_role("button", name="Activate").click()
    page.get_by_text("is in use. Everybody works with it").wait_for()
    address = page.url
    carla.visit(f"/o/{carla.desk.world.slug}/")
    carla.open_chat()
    carla.ask("hello there")
    carla.until_over()
    assert carla.last_text == "hello there"
    asked = scripted_model.wait_for(lambda one: one.headers.get("authorization") == f"Bearer {KEY}")
    assert "cerrado-1" in str(asked.body)
    page.goto(address)
    page.get_by_role("button", name="Withdraw").click()
    page.get_by_role("dialog").get_by_role("button", name="Withdraw").click()
    page.get_by_text("serves no more").wait_for()
    assert KEY not in page.content()
