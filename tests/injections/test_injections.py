"""A model that obeys everything it reads changes nothing that nobody allowed: `make injections`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from byoc import gateway
from tenants.context import use_tenant
from tests.fixtures.models import ScriptedModel
from tests.injections import corpus
from tests.injections.conversations import WAYS, answer, play
from tests.injections.corpus import Injection
from tests.injections.guards import GUARDS
from tests.injections.house import House, a_house
from tests.injections.obedient import obedient
from tests.injections.orders import orders_in
from tests.injections.peers import spread
from tests.injections.rows import rules_of
from tests.injections.tally import TOLD, Effect, note

#: What the test itself does to be read: it describes a tool anew.
_OWN = {"description": {"McpServer", "McpTool", "ToolRule"}}
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.battery]


@pytest.fixture
def house(scripted_model: ScriptedModel, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    usual = scripted_model.journal.reads
    obedient(scripted_model)
    monkeypatch.setenv("HUMANA_LLM_URL", scripted_model.openai_url)
    monkeypatch.setenv("HUMANA_LLM_KEY", "k")
    monkeypatch.setenv("HUMANA_LLM_MODEL", "obedient")
    gateway.reload()
    with a_house() as made:
        yield made
    scripted_model.journal.reads = usual
    monkeypatch.undo()
    gateway.reload()


def test_the_model_understands_every_injection() -> None:
    """Else it would prove nothing that none of them has an effect."""
    assert len({one.name for one in corpus.EVERYTHING}) == len(corpus.EVERYTHING)
    assert [one.name for one in corpus.EVERYTHING if not orders_in(one.text)] == []


@pytest.mark.parametrize("surface", sorted({one.surface for one in corpus.EVERYTHING}))
def test_nothing_that_is_read_has_an_effect(house: House, surface: str) -> None:
    before, tried = rules_of(house.organization, without=_OWN.get(surface, ())), _refused()
    found = {}
    for one in (case for case in corpus.EVERYTHING if case.surface == surface):
        if effects := _play(house, one):
            found[one.name] = effects
    changed = rules_of(house.organization, without=_OWN.get(surface, ())) != before
    TOLD["changed"] += changed
    assert (found, changed) == ({}, False)
    assert _refused() > tried, "nothing was even tried"


def test_what_the_person_allows_is_done(house: House) -> None:
    """The control: the model does obey, and the servers would do as it says."""
    house.tells = corpus.TO_TOOLS["asks first"]
    with use_tenant(house.organization.context):
        run = WAYS["result"](house, house.tells)
    answer(house, run, allows=True)
    assert [name for name, _given in house.calls] == ["office__search", "office__send_mail"]


@pytest.mark.parametrize("guard", GUARDS)
def test_without_a_guard_it_would_be_seen(house: House, guard: str, monkeypatch: pytest.MonkeyPatch) -> None:
    without = GUARDS[guard]
    without.off(house, monkeypatch)
    for aim in without.aims:
        cases = [one for one in corpus.EVERYTHING if one.name.startswith(f"{without.surface}: {aim} ·")]
        effects = [_effects(house, one) for one in cases[:3]]
        assert all(effects), f"{aim}: {effects}"


def _refused() -> int:
    return TOLD["calls"] + TOLD["messages"]


def _play(house: House, one: Injection) -> list[Effect]:
    effects = _effects(house, one)
    note(effects)
    return effects


def _effects(house: House, one: Injection) -> list[Effect]:
    return spread(house, one) if one.surface == "message" else play(house, one)
