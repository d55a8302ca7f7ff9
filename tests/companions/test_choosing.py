"""A companion's page names the model that would answer now, and through which endpoint."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from byoc import endpoints, standing
from byoc.config_keys import ALLOWED_MODELS, DEFAULT_MODEL
from byoc.services.failover import fail_over
from tenants.config.snapshot import snapshot
from tenants.context import use_tenant
from tests.byoc.rows import connected
from tests.fixtures.organizations import World
from tests.tenants.test_config_effects import BACKEND, say

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _read_anew() -> Iterator[None]:
    snapshot.forget()
    standing.forget()
    yield
    snapshot.forget()
    standing.forget()


def named(world: World) -> str:
    client = Client(headers={"accept-language": "en"})
    client.force_login(world.owner.user, backend=BACKEND)
    text = client.get(f"/o/{world.slug}/companions/clara/").content.decode()
    fact = text.partition("<dt>Model</dt><dd>")[2].partition("</dd>")[0]
    return " ".join(fact.replace("<", " <").replace(">", "> ").split())


def test_its_page_names_what_would_answer_now(left: World) -> None:
    url = "http://127.0.0.1:9/v1"
    first = connected(left, url, name="Large one", options={"model": "large"})
    connected(left, url, name="Small one", options={"model": "small"})
    connected(left, url, name="Spare", role="fallback", options={"model": "spare"})
    with use_tenant(left.context):
        left.companion.model = "large"
        left.companion.save()
    assert 'large <span class="quiet"> through Large one' in named(left)
    say(left, DEFAULT_MODEL, "small")
    assert "through Large one" in named(left), "its own comes first"
    say(left, ALLOWED_MODELS, ["small"])
    assert 'small <span class="quiet"> through Small one' in named(left), "what may not answer is not named"
    say(left, ALLOWED_MODELS, ["small", "large", "spare"])
    fail_over(organization=left.organization, endpoint_id=first.id)
    standing.forget()  # as if it were committed
    endpoints.forget()
    assert 'spare <span class="quiet"> through Spare' in named(left), "what stands in is"
    say(left, ALLOWED_MODELS, [])
    assert "none connected" in named(left)
