"""The floors and rooms of docs/architecture.md, held by import-linter; and that it would notice."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import grimp
import pytest
from importlinter.application import use_cases
from importlinter.configuration import configure
from importlinter.contracts.acyclic_siblings import AcyclicSiblingsContract
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.layers import LayersContract
from importlinter.contracts.protected import ProtectedContract

from humana.env import REPOSITORY

KINDS: dict[str, Any] = {
    "layers": LayersContract,
    "forbidden": ForbiddenContract,
    "protected": ProtectedContract,
    "acyclic_siblings": AcyclicSiblingsContract,
}


@cache
def options() -> Any:
    configure()
    return use_cases.read_user_options(str(REPOSITORY / "pyproject.toml"))


@cache
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(
        *options().session_options["root_packages"],
        include_external_packages=True,
        exclude_type_checking_imports=True,
        cache_dir=None,
    )


def contracts() -> dict[str, dict[str, Any]]:
    return {contract["id"]: contract for contract in options().contracts_options}


def kept(contract_id: str, *planted: tuple[str, str]) -> bool:
    """Whether the contract holds, with these imports (importer, imported) added to the code."""
    chosen = contracts()[contract_id]
    contract = KINDS[chosen["type"]](chosen["name"], options().session_options, chosen)
    changed = deepcopy(graph())
    for importer, imported in planted:
        for module in (importer, imported):
            if module not in changed.modules:
                changed.add_module(module)
        changed.add_import(importer=importer, imported=imported)
    return bool(contract.check(changed, verbose=False).kept)


@pytest.mark.parametrize("contract_id", contracts())
def test_contract_is_kept(contract_id: str) -> None:
    assert kept(contract_id), f"run: lint-imports --contract {contract_id}"


PLANTED = [
    ("floors", "companions.models", "chats.models"),
    ("floors", "audit.services.trail", "companions.queries"),
    ("floors", "documents.models", "companions.models"),
    ("floors", "byoc.gateway", "audit.models"),
    ("floors", "tenants.models.people", "byoc.contracts"),
    ("floors", "tenants.services.organizations", "audit.services.trail"),
    ("floors", "humana.kernel.ports", "tenants.context"),
    ("floors", "humana.kernel.errors", "humana.env"),
    ("floors", "chats.views", "humana.urls"),
    ("floors", "chats.services.replies", "humana.celery"),
    ("rooms", "chats.models", "chats.queries"),
    ("rooms", "chats.models", "chats.services.replies"),
    ("rooms", "chats.queries", "chats.services.replies"),
    ("rooms", "chats.services.replies", "chats.views"),
    ("rooms", "chats.services.titles", "chats.tasks"),
    ("rooms", "companions.services.companions", "companions.views"),
    ("rooms", "tenants.services.keys", "tenants.forms"),
    ("rooms", "tenants.queries", "tenants.services.keys"),
    ("checks", "companions.checks.guard", "django"),
    ("checks", "companions.audience", "companions.models"),
    ("ground", "humana.kernel.text", "chats.models"),
    ("ground", "humana.kernel.registry", "celery"),
    ("adapters", "byoc.adapters.llm.base", "django"),
    ("adapters", "byoc.adapters.llm.base", "tenants.context"),
    ("adapters", "byoc.adapters.llm.anthropic", "chats.models"),
    ("behind the gateway", "chats.services.runs", "byoc.adapters.llm"),
    ("vendors", "chats.services.runs", "openai"),
    ("vendors", "byoc.gateway", "anthropic"),
    ("egress", "chats.runner", "aiohttp"),
    ("egress", "byoc.gateway", "aiohttp"),
    ("mongodb", "byoc.queries", "pymongo"),
    ("environment", "tenants.queries", "humana.embedded.postgres"),
    ("reading", "documents.extraction.media", "django"),
    ("reading", "documents.extraction.readers.pdf", "tenants.context"),
    ("opening", "documents.shown", "pypdfium2"),
    ("opening", "documents.shown", "PIL"),
    ("opening", "documents.extraction.reading", "documents.extraction.readers"),
]


@pytest.mark.parametrize(("contract_id", "importer", "imported"), PLANTED)
def test_contract_notices(contract_id: str, importer: str, imported: str) -> None:
    assert not kept(contract_id, (importer, imported))


def test_a_circle_between_neighbours_is_noticed() -> None:
    assert not kept("siblings", ("chats.models", "chats.permissions"), ("chats.permissions", "chats.models"))


def test_every_contract_is_shown_to_notice() -> None:
    assert {contract_id for contract_id, *_imports in PLANTED} | {"siblings"} == set(contracts())


def test_every_part_of_the_roof_and_the_ground_stands_on_a_floor() -> None:
    """A new module of `humana` is named in the contract, or nothing would hold it."""
    floors = {name.strip("() ") for layer in contracts()["floors"]["layers"] for name in layer.split(":")}
    assert set(graph().find_children("humana")) <= floors


def test_every_application_is_under_the_contracts() -> None:
    packages = {path.parent.name for path in Path(REPOSITORY).glob("*/__init__.py")} - {"tests"}
    assert packages == set(options().session_options["root_packages"])
