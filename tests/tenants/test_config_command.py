"""`manage.py config`: what a deployment runs, and the table in the docs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from humana.env import REPOSITORY
from tenants.config.resolver import resolve_for
from tenants.config.snapshot import snapshot
from tenants.config.table import table
from tenants.config_keys import SESSION_AGE
from tenants.context import use_tenant
from tenants.models import ConfigValue, ControlEvent
from tests.fixtures.organizations import World

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _read_anew() -> Iterator[None]:
    snapshot.forget()
    yield
    snapshot.forget()


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("config", *arguments, stdout=out)
    return out.getvalue()


def test_defaults_are_said_once_and_keys_that_are_gone_go(left: World, tmp_path: Path) -> None:
    with use_tenant(left.context):
        gone = ConfigValue(organization=left.organization, layer="organization", key="chats.long_gone")
        gone.save()
    file = tmp_path / "defaults.toml"
    file.write_text("[session]\nmax_age = { value = 3600, cap = 7200 }\n[chats]\nmessage_limit = 9000\n")
    said = run("sync", "--defaults", str(file))
    assert "removed chats.long_gone: 1" in said
    assert 'set session.max_age: {"value": 3600, "cap": 7200}' in said
    assert resolve_for(None, SESSION_AGE) == 3_600
    assert run("sync", "--defaults", str(file)) == "nothing to change\n"
    [event] = ControlEvent.objects.filter(action="config.synced")
    assert event.payload["removed"] == {"chats.long_gone": 1}


@pytest.mark.parametrize("said", ['{"session.max_age": "long"}', '{"no.such": 1}', "{", "[]"])
def test_defaults_that_cannot_be_change_nothing(tmp_path: Path, said: str) -> None:
    file = tmp_path / "defaults.json"
    file.write_text(said)
    with pytest.raises(CommandError) as refusal:
        run("sync", "--defaults", str(file))
    assert str(file) in str(refusal.value) or next(iter(json.loads(said))) in str(refusal.value)
    assert not ConfigValue.objects.exists()


def test_the_table_in_the_docs_is_current() -> None:
    page = (REPOSITORY / "docs/configuration.md").read_text("utf-8")
    assert table() in page, "put the output of `manage.py config table` into docs/configuration.md"
    assert run("table").strip() == table()
