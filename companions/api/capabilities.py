"""Capabilities, who is given them, and rules of sharing, for programs."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from companions.api import knowledge_shapes as shapes
from companions.beneficiaries import beneficiaries
from companions.knowledge import (
    access_asset,
    access_capability,
    access_person,
    access_sharing_rule,
    capabilities,
    capabilities_of,
    sharing_rules,
    uses_of,
)
from companions.models import Capability, SharingRule
from companions.permissions import CAPABILITIES, KNOWLEDGE, READ
from companions.queries import access_companion
from companions.services.capabilities import add_capability, bring_back, edit_capability, remove_capability
from companions.services.sharing import drop_sharing_rule, set_sharing_rule
from humana.api.filters import Choice, Id
from humana.api.lists import ListView
from humana.api.schema import operation
from humana.api.versions import expected
from humana.api.views import ApiView


def _detail(view: ApiView, row: Capability, **more: Any) -> HttpResponse:
    told = shapes.capability(row, uses_of([row.id]).get(row.id, 0))
    return view.answer(told, version=row.version, **more)


class CapabilityListView(ListView):
    """Every capability, by name."""

    permission = CAPABILITIES.name
    shape = shapes.CapabilityShape
    columns = shapes.CapabilityShape.__struct_fields__
    order = ("name", "id")
    filters = {"kind": Choice("Only of this kind.", tuple(Capability.Kind.values))}

    @operation("listCapabilities", "Capabilities by name", gives=shapes.CapabilityShape)
    def get(self, request: Request, **named: Any) -> HttpResponse:
        return super().get(request, **named)

    def rows(self, request: Request, **named: Any) -> QuerySet[Capability]:
        return capabilities().filter(**self.asked)

    @operation(
        "addCapability",
        "Give companions a capability, from their next answer on",
        takes=shapes.CapabilityInput,
        gives=shapes.CapabilityDetail,
        status=201,
    )
    def post(self, request: Request) -> HttpResponse:
        row = add_capability(member=self.member, **self.body(shapes.CapabilityInput))
        return _detail(self, row, status=201, location=f"/api/v1/capabilities/{row.id}/")


class CapabilityView(ApiView):
    """One capability."""

    permission = CAPABILITIES.name

    @operation("readCapability", "One capability", gives=shapes.CapabilityDetail)
    def get(self, request: Request, capability_id: uuid.UUID) -> HttpResponse:
        return _detail(self, access_capability(member=self.member, capability_id=capability_id))

    @operation(
        "editCapability", "Change a capability", takes=shapes.CapabilityChanges, gives=shapes.CapabilityDetail
    )
    def patch(self, request: Request, capability_id: uuid.UUID) -> HttpResponse:
        row = access_capability(member=self.member, capability_id=capability_id)
        wanted = self.body(shapes.CapabilityChanges, partial=True)
        version = expected(request, row.version)
        return _detail(self, edit_capability(member=self.member, capability=row, version=version, **wanted))

    @operation("removeCapability", "No companion is given it any more; it can be brought back", status=204)
    def delete(self, request: Request, capability_id: uuid.UUID) -> HttpResponse:
        row = access_capability(member=self.member, capability_id=capability_id)
        self.no_body()
        remove_capability(member=self.member, capability=row, version=expected(request, row.version))
        return self.nothing()


class BringBackCapabilityView(ApiView):
    """A capability that was removed."""

    permission = CAPABILITIES.name

    @operation("bringBackCapability", "Undo the removal of a capability", gives=shapes.CapabilityDetail)
    def post(self, request: Request, capability_id: uuid.UUID) -> HttpResponse:
        row = access_capability(member=self.member, capability_id=capability_id, removed=True)
        self.no_body()
        return _detail(self, bring_back(member=self.member, capability=row))


class CapabilityBeneficiariesView(ApiView):
    """Who is given one capability."""

    permission = CAPABILITIES.name

    @operation(
        "readCapabilityBeneficiaries", "Which companions are given it", gives=shapes.BeneficiariesShape
    )
    def get(self, request: Request, capability_id: uuid.UUID) -> HttpResponse:
        row = access_capability(member=self.member, capability_id=capability_id)
        return self.answer(shapes.beneficiaries(beneficiaries(row)), version=0)


class CompanionCapabilitiesView(ApiView):
    """What one companion is given."""

    permission = READ.name

    @operation("readCompanionCapabilities", "What a companion is given, by name", gives=shapes.GivenListShape)
    def get(self, request: Request, companion_id: uuid.UUID) -> HttpResponse:
        found = access_companion(member=self.member, companion_id=companion_id)
        return self.answer(shapes.given(capabilities_of(found)), version=0)


class SharingRuleListView(ListView):
    """Who is named for an asset or a capability, or kept from it, whatever its level."""

    permissions = {"GET": KNOWLEDGE.name, "POST": KNOWLEDGE.name}
    shape = shapes.SharingRuleShape
    columns = shapes.SharingRuleShape.__struct_fields__
    order = ("-created_at", "-id")
    filters = {
        "asset": Id("Only about this asset."),
        "capability": Id("Only about this capability."),
        "companion": Id("Only for this companion."),
    }

    @operation("listSharingRules", "Rules of sharing, the latest first", gives=shapes.SharingRuleShape)
    def get(self, request: Request, **named: Any) -> HttpResponse:
        return super().get(request, **named)

    def rows(self, request: Request, **named: Any) -> QuerySet[SharingRule]:
        return sharing_rules().filter(**{f"{name}_id": one for name, one in self.asked.items()})

    @operation(
        "setSharingRule",
        "Name a companion or a person for something, or keep it from them",
        takes=shapes.SharingRuleInput,
        gives=shapes.SharingRuleShape,
    )
    def post(self, request: Request) -> HttpResponse:
        sent, member = self.body(shapes.SharingRuleInput), self.member
        asset, capability = sent.get("asset_id"), sent.get("capability_id")
        about = (
            access_asset(member=member, asset_id=asset)
            if asset
            else access_capability(member=member, capability_id=capability)
            if capability
            else None
        )
        companion, person = sent.get("companion_id"), sent.get("member_id")
        row = set_sharing_rule(
            member=member,
            allow=sent["allow"],
            about=about,
            companion=access_companion(member=member, companion_id=companion) if companion else None,
            person=access_person(person) if person else None,
        )
        return self.answer(shapes.rule(row))


class SharingRuleView(ApiView):
    """One rule."""

    permissions = {"GET": KNOWLEDGE.name, "DELETE": KNOWLEDGE.name}

    @operation("readSharingRule", "One rule of sharing", gives=shapes.SharingRuleShape)
    def get(self, request: Request, sharing_rule_id: uuid.UUID) -> HttpResponse:
        row = access_sharing_rule(member=self.member, rule_id=sharing_rule_id)
        return self.answer(shapes.rule(row), version=0)

    @operation("dropSharingRule", "Let what the level says hold again", status=204)
    def delete(self, request: Request, sharing_rule_id: uuid.UUID) -> HttpResponse:
        row = access_sharing_rule(member=self.member, rule_id=sharing_rule_id)
        self.no_body()
        drop_sharing_rule(member=self.member, rule=row)
        return self.nothing()
