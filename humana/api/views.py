"""One object, one change: the base of every view of the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, cast

from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.views import APIView

from humana.api.filters import Filter, asked
from humana.api.inputs import Input, read
from humana.api.once import repeatable
from humana.api.schema import HumanaSchema
from humana.api.shapes import Shape, encode
from humana.api.versions import tag, unchanged
from humana.kernel.errors import Invalid
from tenants.doors import Visitor
from tenants.models import Membership


class LengthRequired(Invalid):
    """A body whose length nobody said."""

    status, default_code = 411, "length_required"


class OnlyJson(BaseContentNegotiation):
    """We speak JSON, whatever the client would like better."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        sent = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == sent), None)

    def select_renderer(self, request: Any, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class ApiView(APIView):
    """Default deny: name the permission of each method. Parameters that are not declared are refused.

    Load through `access_*` first and read the body after, so that somebody else's object is missing
    whatever the body says.
    """

    permission: ClassVar[str | None] = None
    permissions: ClassVar[Mapping[str, str]] = {}
    filters: ClassVar[Mapping[str, Filter]] = {}
    #: Fields of a POST's body that say in which placement it is done, each with the name of its finder.
    placed_by: ClassVar[Mapping[str, str]] = {}
    content_negotiation_class = OnlyJson
    metadata_class = None
    schema = HumanaSchema()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "post" in cls.__dict__:
            cls.post = repeatable(cls.__dict__["post"])  # type: ignore[attr-defined]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.asked = asked(
            request._request.GET, self.filters_of(request), also=self.extra_parameters(request)
        )
        if "chunked" in request.headers.get("Transfer-Encoding", ""):
            raise LengthRequired(_("Say how long the body is: Content-Length."))

    def filters_of(self, request: Request) -> Mapping[str, Filter]:
        return self.filters if request.method in ("GET", "HEAD") else {}

    def extra_parameters(self, request: Request) -> tuple[str, ...]:
        """Names that the view itself reads."""
        return ()

    @property
    def visitor(self) -> Visitor:
        return cast(Visitor, self.request.auth)

    @property
    def member(self) -> Membership:
        return self.visitor.member

    def body(self, kind: type[Input], *, partial: bool = False) -> dict[str, Any]:
        return read(kind, self.request.data, partial=partial)

    def no_body(self) -> None:
        """For a request that says everything by its address."""
        read(Input, self.request.data)

    def answer(
        self, shape: Shape, *, status: int = 200, version: int | None = None, location: str | None = None
    ) -> HttpResponse:
        """The shape as JSON, tagged with its version; 304 where the client has it already."""
        body = encode(shape)
        response = HttpResponse(body, status=status, content_type="application/json")
        if version is not None:
            response["ETag"] = tag(body, version)
            if self.request.method in ("GET", "HEAD") and unchanged(self.request, response["ETag"]):
                return _not_modified(response)
        if location is not None:
            response["Location"] = self.request.build_absolute_uri(location)
        return response

    def nothing(self) -> HttpResponse:
        return HttpResponse(status=204)


def _not_modified(response: HttpResponse) -> HttpResponse:
    empty = HttpResponse(status=304)
    empty["ETag"] = response["ETag"]
    return empty
