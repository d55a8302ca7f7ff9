"""Every address Humana answers, read from the resolver, so that a new route joins by itself."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import UUIDConverter

from audit.models import AuditEntry, Budget
from companions.models import (
    BrandAsset,
    Capability,
    CompanionAccess,
    CompanionMessage,
    Delivery,
    Handoff,
    KnowledgeAsset,
    KnowledgeVersion,
    McpServer,
    McpTool,
    Policy,
    PolicyVersion,
    SharingRule,
    ToolRule,
    Value,
)
from documents.models import Document, Share
from tenants.context import use_tenant
from tenants.models import ApiKey, Invitation, Position, Role, Team
from tests.fixtures.organizations import World
from tests.fixtures.rows import CONTROL_MAKERS

PAGES, API = "o/<slug:slug>/", "api/v1/"
#: Names that are nobody's: those of the catalogue, the same for every organization.
COMMON = {"config_key": "session.max_age"}


@dataclass(frozen=True)
class Route:
    """One pattern: `template` as written in urls.py, `parameters` by name."""

    template: str
    parameters: dict[str, Any] = field(hash=False)

    def __str__(self) -> str:
        return self.template

    @property
    def names_an_object(self) -> bool:
        return bool(set(self.parameters) - {"slug", *COMMON})

    def address(self, slug: str, values: dict[str, Any]) -> str:
        address = "/" + self.template
        for name, converter in self.parameters.items():
            value = slug if name == "slug" else values[name] if name in values else COMMON[name]
            spelled = next(kind for kind in _spellings(name, converter) if kind in address)
            address = address.replace(spelled, str(value))
        return address


def _spellings(name: str, converter: Any) -> tuple[str, ...]:
    kind = type(converter).__name__.removesuffix("Converter").lower().replace("string", "str")
    return (f"<{kind}:{name}>", f"<{name}>")


def routes(prefix: str) -> list[Route]:
    """Routes whose address begins with `prefix`; each once."""
    found = {route.template: route for route in _walk(get_resolver().url_patterns, "", {})}
    return [route for template, route in sorted(found.items()) if template.startswith(prefix)]


def _walk(
    patterns: list[URLPattern | URLResolver], before: str, parameters: dict[str, Any]
) -> Iterator[Route]:
    for entry in patterns:
        template = before + str(entry.pattern)
        known = {**parameters, **entry.pattern.converters}
        if isinstance(entry, URLResolver):
            yield from _walk(entry.url_patterns, template, known)
        else:
            yield Route(template, known)


def objects_of(world: World) -> dict[str, Any]:
    """What an address may name, by the name of its parameter. The look-alikes share their slugs."""
    return {
        "companion_id": world.companion.pk,
        "companion_slug": world.companion.slug,
        "chat_id": world.chat.pk,
        "message_id": world.answer.pk,
        "run_id": world.run.pk,
        "folder_id": world.folder.pk,
        "document_id": world.row(Document).pk,
        "share_id": world.row(Share).pk,
        "place_id": world.chat.pk,
        "entry_id": world.row(AuditEntry).pk,
        "budget_id": world.row(Budget).pk,
        "report_id": world.report,
        "team_id": _team(world).pk,
        "position_id": _position(world).pk,
        "member_id": world.member.pk,
        "endpoint_id": world.endpoint,
        "policy_id": world.row(Policy).pk,
        "policy_version_id": world.row(PolicyVersion).pk,
        "value_id": world.row(Value).pk,
        "brand_asset_id": world.row(BrandAsset).pk,
        "sent_id": world.row(CompanionMessage).pk,
        "delivery_id": world.row(Delivery).pk,
        "rule_id": world.row(CompanionAccess).pk,
        "asset_id": world.row(KnowledgeAsset).pk,
        "asset_version_id": world.row(KnowledgeVersion).pk,
        "capability_id": world.row(Capability).pk,
        "sharing_rule_id": world.row(SharingRule).pk,
        "handoff_id": world.row(Handoff).pk,
        "tool_server_id": world.row(McpServer).pk,
        "tool_id": world.row(McpTool).pk,
        "tool_rule_id": world.row(ToolRule).pk,
        "invitation_id": _controlled(world, Invitation).pk,
        "role_id": _controlled(world, Role).pk,
        "device_id": uuid.uuid5(world.organization.pk, "device"),
        "key_id": ApiKey.objects.get(membership=world.twin).pk,
    }


def _team(world: World) -> Team:
    """The look-alikes' have one; a world of a single test gets it here."""
    if Team not in world.rows:
        with use_tenant(world.context):
            world.rows[Team] = Team.objects.create(organization=world.organization, name="Harbour masters 0")
    return world.row(Team)


def _position(world: World) -> Position:
    if Position not in world.rows:
        with use_tenant(world.context):
            world.rows[Position] = Position.objects.create(organization=world.organization, title="Pilot 0")
    return world.row(Position)


def _controlled(world: World, model: type[Any]) -> Any:
    """The look-alikes have one; a world of a single test gets it here."""
    if model not in world.rows:
        with use_tenant(world.context):
            world.rows[model] = CONTROL_MAKERS[model](world, 0)
            world.rows[model].save()
    return world.row(model)


def nobody(route: Route) -> dict[str, Any]:
    """Objects that never existed."""
    return {
        name: uuid.uuid4() if isinstance(converter, UUIDConverter) else "nobody-here"
        for name, converter in route.parameters.items()
    }
