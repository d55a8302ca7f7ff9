"""The API as OpenAPI 3.1: operations named by their views, answers from the shapes themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeVar

import msgspec
from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from humana.api.filters import Filter
from humana.api.inputs import Input
from humana.api.pagination import MOST, USUAL
from humana.api.shapes import Error, Shape

View = TypeVar("View", bound=Callable[..., Any])
_REFERENCE = "#/components/schemas/{name}"


def operation(
    name: str,
    summary: str,
    *,
    takes: type[Input] | None = None,
    gives: type[Shape] | None = None,
    status: int = 200,
    media: str | None = None,
) -> Callable[[View], View]:
    """Say of a method what the schema cannot see: its name, its body, its answer."""
    code: Any = status if media is None else (status, media)
    answer = gives or (str if media else None)
    given = OpenApiResponse(answer, description=summary)
    decorate: Callable[[View], View] = extend_schema(
        operation_id=name, summary=summary, request=takes, responses={code: given}
    )
    return decorate


class HumanaSchema(AutoSchema):
    """Adds what every operation shares: headers, parameters, pages, the envelope of failures."""

    def get_tags(self) -> list[str]:
        return [self.path.removeprefix("/api/v1/").split("/")[0]]

    def get_override_parameters(self) -> list[Any]:
        reads = self.method == "GET"
        found: list[Any] = [
            _of_filter(name, one) for name, one in getattr(self.view, "filters", {}).items() if reads
        ]
        if self._is_page():
            found += PAGING
        if self.method == "POST":
            found.append(IDEMPOTENCY)
        if self.method in ("PATCH", "DELETE"):
            found.append(IF_MATCH)
        return found

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        content = bodies.get("200", {}).get("content", {})
        if self._is_page() and "application/json" in content:  # a list as a file is no page
            self._make_page(content["application/json"])
        bodies["default"] = self._get_response_for_code(
            OpenApiResponse(Error, description="A failure: 4xx says what to change, 5xx is ours."), "400"
        )
        return bodies

    def _is_page(self) -> bool:
        return self.method == "GET" and hasattr(self.view, "columns")

    def _make_page(self, content: dict[str, Any]) -> None:
        """Give the list a component of its own: a page of what it lists."""
        address = {"type": ["string", "null"], "format": "uri"}
        name = content["schema"]["$ref"].rsplit("/", 1)[1] + "Page"
        properties = {
            "results": {"type": "array", "items": content["schema"]},
            "next": address,
            "previous": address,
        }
        description = "A page. `next` and `previous` are whole addresses, null where there is no more."
        if getattr(self.view, "merged", False):
            properties["silent"] = {"type": "array", "items": {"type": "string", "format": "uuid"}}
            description += (
                " `silent` names the placements that did not answer; what they hold is missing from the page."
            )
        schema = {
            "type": "object",
            "description": description,
            "required": list(properties),
            "properties": properties,
        }
        self.registry.register_on_missing(
            ResolvedComponent(name=name, type=ResolvedComponent.SCHEMA, object=name, schema=schema)
        )
        content["schema"] = {"$ref": _REFERENCE.format(name=name)}


class ShapeSchema(OpenApiSerializerExtension):
    """A msgspec structure as a component of the schema, with those it holds."""

    target_class = Shape
    match_subclasses = True

    def get_name(self, auto_schema: AutoSchema, direction: str) -> str:
        return str(self.target.__name__)

    def get_identity(self, auto_schema: AutoSchema, direction: str) -> Any:
        return self.target

    def map_serializer(self, auto_schema: AutoSchema, direction: str) -> dict[str, Any]:
        _references, components = msgspec.json.schema_components([self.target], ref_template=_REFERENCE)
        own: dict[str, Any] = components.pop(self.target.__name__)
        for name, schema in components.items():
            auto_schema.registry.register_on_missing(
                ResolvedComponent(
                    name=name, type=ResolvedComponent.SCHEMA, object=_shape(name), schema=_plain(schema)
                )
            )
        return _plain(own)


def _shape(name: str) -> Any:
    """The structure of that name: nested or on its own, it is the same component."""
    waiting: list[type[Shape]] = [Shape]
    while waiting:
        kind = waiting.pop()
        if kind.__name__ == name:
            return kind
        waiting += kind.__subclasses__()
    return name


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name != "title"}


class Credentials(OpenApiAuthenticationExtension):
    """A key, or a session that names its organization."""

    target_class = "humana.api.authentication.MemberAuthentication"
    name = ["apiKey", "session", "organization"]

    def get_security_requirement(self, auto_schema: AutoSchema) -> list[dict[str, list[Any]]]:
        return [{"apiKey": []}, {"session": [], "organization": []}]

    def get_security_definition(self, auto_schema: AutoSchema) -> list[dict[str, Any]]:
        return [
            {"type": "http", "scheme": "bearer", "description": "An API key: hk_…"},
            {"type": "apiKey", "in": "cookie", "name": "sessionid"},
            {"type": "apiKey", "in": "header", "name": "Humana-Organization", "description": "The slug."},
        ]


class PersonalCredentials(Credentials):
    """The same for a person, as described there: no organization need be named."""

    target_class = "humana.api.authentication.PersonAuthentication"
    name: list[str] = []

    def get_security_requirement(self, auto_schema: AutoSchema) -> list[dict[str, list[Any]]]:
        return [{"apiKey": []}, {"session": []}]

    def get_security_definition(self, auto_schema: AutoSchema) -> list[dict[str, Any]]:
        return []


def _of_filter(name: str, one: Filter) -> OpenApiParameter:
    return OpenApiParameter(name, one.schema, OpenApiParameter.QUERY, description=one.help)


def _header(name: str, description: str) -> OpenApiParameter:
    return OpenApiParameter(name, str, OpenApiParameter.HEADER, description=description)


PAGING = [
    OpenApiParameter("cursor", str, OpenApiParameter.QUERY, description="From `next` or `previous`."),
    OpenApiParameter(
        "limit",
        {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL},
        OpenApiParameter.QUERY,
        description="Rows of a page.",
    ),
]
IDEMPOTENCY = _header(
    "Idempotency-Key",
    "Up to 255 visible characters. Sent again within a day, the same request gives the same answer and has "
    "no second effect; another request with this key is refused with 422.",
)
IF_MATCH = _header(
    "If-Match", "The ETag you saw: 412 if it has been changed since. Without it the last one wins."
)
