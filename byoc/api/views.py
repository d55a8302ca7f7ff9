"""Endpoints for programs: the same services as the pages."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from byoc.api import serializers
from byoc.board import access_endpoint, endpoints_of, shown, types_for
from byoc.describing import Entry
from byoc.models import Endpoint
from byoc.permissions import EDIT, READ
from byoc.queries_health import health_report
from byoc.services import endpoints as services
from byoc.services import homecoming
from humana.api.filters import Choice
from humana.api.lists import ListView
from humana.api.schema import operation
from humana.api.versions import expected
from humana.api.views import ApiView


class EndpointListView(ListView):
    """The organization's own endpoints."""

    permissions = {"GET": READ.name, "POST": EDIT.name}
    shape = serializers.EndpointShape
    columns = ("kind", "id")
    order = ("kind", "id")
    filters = {
        "kind": Choice("Of one kind.", tuple(Endpoint.Kind.values)),
        "state": Choice("In one state.", ("draft", "ready", "active")),
    }

    @operation("listEndpoints", "The organization's own endpoints", gives=serializers.EndpointShape)
    def get(self, request: Request, **named: Any) -> HttpResponse:
        return super().get(request, **named)

    def rows(self, request: Request, **named: Any) -> QuerySet[Endpoint]:
        return endpoints_of(self.member.organization).filter(**self.asked)

    def shown(self, rows: list[Any]) -> list[serializers.EndpointShape]:
        found = {
            row.id: row for row in endpoints_of(self.member.organization).filter(id__in=[r[1] for r in rows])
        }
        kept = [found[key] for _kind, key in rows if key in found]
        return [serializers.listed(one) for one in shown(self.member.organization, kept)]

    @operation(
        "createEndpoint",
        "Enter an endpoint; it serves nobody before it is validated and activated",
        takes=serializers.EndpointInput,
        gives=serializers.EndpointDetail,
        status=201,
    )
    def post(self, request: Request) -> HttpResponse:
        entry = Entry(**self.body(serializers.EndpointInput))
        made = services.create_endpoint(
            organization=self.member.organization, entry=entry, member=self.member
        )
        one = access_endpoint(member=self.member, endpoint_id=made.id)
        address = f"/api/v1/endpoints/{made.id}/"
        return self.answer(serializers.detail(one), status=201, version=made.version, location=address)


class _OneEndpoint(ApiView):
    """One endpoint, and what may be done with it."""

    permissions = {"POST": EDIT.name}

    def whose(self, endpoint_id: uuid.UUID) -> dict[str, Any]:
        """For a service: proved to be there, and the body to be empty."""
        access_endpoint(member=self.member, endpoint_id=endpoint_id)
        self.no_body()
        return self.whom(endpoint_id)

    def whom(self, endpoint_id: uuid.UUID) -> dict[str, Any]:
        return {
            "organization": self.member.organization,
            "endpoint_id": endpoint_id,
            "member": self.member,
        }

    def told(self, endpoint_id: uuid.UUID) -> HttpResponse:
        one = access_endpoint(member=self.member, endpoint_id=endpoint_id)
        return self.answer(serializers.detail(one), version=one.endpoint.version)


class EndpointView(_OneEndpoint):
    """One endpoint."""

    permissions = {"GET": READ.name, "PATCH": EDIT.name, "DELETE": EDIT.name}

    @operation("readEndpoint", "One endpoint", gives=serializers.EndpointDetail)
    def get(self, request: Request, endpoint_id: uuid.UUID) -> HttpResponse:
        return self.told(endpoint_id)

    @operation(
        "editEndpoint",
        "Change an endpoint; one that serves is asked first whether it still does",
        takes=serializers.EndpointChanges,
        gives=serializers.EndpointDetail,
    )
    def patch(self, request: Request, endpoint_id: uuid.UUID) -> HttpResponse:
        one = access_endpoint(member=self.member, endpoint_id=endpoint_id)
        changes = self.body(serializers.EndpointChanges, partial=True)
        services.change_endpoint(
            organization=self.member.organization,
            endpoint_id=endpoint_id,
            changes=changes,
            version=expected(request, one.endpoint.version),
            member=self.member,
        )
        return self.told(endpoint_id)

    @operation("removeEndpoint", "Forget an endpoint that does not serve, and how to sign in", status=204)
    def delete(self, request: Request, endpoint_id: uuid.UUID) -> HttpResponse:
        one = access_endpoint(member=self.member, endpoint_id=endpoint_id)
        expected(request, one.endpoint.version)
        services.remove_endpoint(**self.whose(endpoint_id))
        return self.nothing()


class _Validating(_OneEndpoint):
    """Asking takes seconds, and no transaction stays open for that long: done again it harms nobody, so
    it keeps no Idempotency-Key."""


def _validate(self: _Validating, request: Request, endpoint_id: uuid.UUID) -> HttpResponse:
    found = services.validate_endpoint(**self.whose(endpoint_id))
    one = access_endpoint(member=self.member, endpoint_id=endpoint_id)
    return self.answer(serializers.look(found, one), version=one.endpoint.version)


class ValidateView(_Validating):
    """Ask the service itself whether it serves."""


ValidateView.post = operation(  # type: ignore[attr-defined]
    "validateEndpoint", "Ask the service itself; a draft that is well is ready", gives=serializers.LookShape
)(_validate)


class ActivateView(_OneEndpoint):
    """It serves from now on."""

    @operation("activateEndpoint", "Put an endpoint that is ready in use", gives=serializers.EndpointDetail)
    def post(self, request: Request, endpoint_id: uuid.UUID) -> HttpResponse:
        services.activate_endpoint(**self.whose(endpoint_id))
        return self.told(endpoint_id)


class WithdrawView(_OneEndpoint):
    """It serves no more."""

    @operation(
        "withdrawEndpoint",
        "Take an endpoint out of use; what it was entered with is kept",
        gives=serializers.EndpointDetail,
    )
    def post(self, request: Request, endpoint_id: uuid.UUID) -> HttpResponse:
        services.withdraw_endpoint(**self.whose(endpoint_id))
        return self.told(endpoint_id)


class FailOverView(_OneEndpoint):
    """Another serves instead, until somebody says otherwise."""

    @operation(
        "failOverEndpoint",
        "Let another serve instead: the one named, or the first that may",
        takes=serializers.FailOverInput,
        gives=serializers.EndpointDetail,
    )
    def post(self, request: Request, endpoint_id: uuid.UUID) -> HttpResponse:
        access_endpoint(member=self.member, endpoint_id=endpoint_id)
        wanted = self.body(serializers.FailOverInput).get("to")
        homecoming.stand_in(**self.whom(endpoint_id), to_endpoint_id=wanted)
        return self.told(endpoint_id)


class ReturnView(_OneEndpoint):
    """It serves again."""

    @operation("returnEndpoint", "End what stands in for an endpoint", gives=serializers.EndpointDetail)
    def post(self, request: Request, endpoint_id: uuid.UUID) -> HttpResponse:
        homecoming.come_back(**self.whose(endpoint_id))
        return self.told(endpoint_id)


class EndpointTypesView(ApiView):
    """What there is to connect."""

    permission = READ.name

    @operation(
        "listEndpointTypes", "The types of endpoints, and what each asks for", gives=serializers.EndpointTypes
    )
    def get(self, request: Request) -> HttpResponse:
        types = [one for *_kind, found in types_for(operators=False) for one in found]
        return self.answer(serializers.EndpointTypes([serializers.endpoint_type(one) for one in types]))


class HealthView(ApiView):
    """How the organization's endpoints are."""

    permission = READ.name

    @operation(
        "readHealth", "How the organization's endpoints are, and what to do", gives=serializers.HealthShape
    )
    def get(self, request: Request) -> HttpResponse:
        return self.answer(serializers.health(health_report(self.member.organization)))
