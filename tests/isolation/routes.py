"""Every address Humana answers, read from the resolver, so that a new route joins by itself."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import UUIDConverter

from audit.models import AuditEntry
from tenants.models import ApiKey
from tests.fixtures.organizations import World

PAGES, API = "o/<slug:slug>/", "api/v1/"


@dataclass(frozen=True)
class Route:
    """One pattern: `template` as written in urls.py, `parameters` by name."""

    template: str
    parameters: dict[str, Any] = field(hash=False)

    def __str__(self) -> str:
        return self.template

    @property
    def names_an_object(self) -> bool:
        return bool(set(self.parameters) - {"slug"})

    def address(self, slug: str, values: dict[str, Any]) -> str:
        address = "/" + self.template
        for name, converter in self.parameters.items():
            value = slug if name == "slug" else values[name]
            spelled = next(kind for kind in _spellings(name, converter) if kind in address)
            address = address.replace(spelled, str(value))
        return address


def _spellings(name: str, converter: Any) -> tuple[str, ...]:
    kind = type(converter).__name__.removesuffix("Converter").lower()
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
        "place_id": world.chat.pk,
        "entry_id": world.row(AuditEntry).pk,
        "report_id": world.report,
        "key_id": ApiKey.objects.get(membership=world.twin).pk,
    }


def nobody(route: Route) -> dict[str, Any]:
    """Objects that never existed."""
    return {
        name: uuid.uuid4() if isinstance(converter, UUIDConverter) else "nobody-here"
        for name, converter in route.parameters.items()
    }
