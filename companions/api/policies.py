"""Policies for programs: the same services as the pages."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from companions.api import heritage as shapes
from companions.models import Policy, PolicyVersion
from companions.permissions import POLICIES
from companions.queries import access_policy, policies, policy_versions
from companions.services.policies import publish_policy, restore_policy
from companions.services.previewing import preview_policy
from humana.api.filters import Flag
from humana.api.lists import ListView
from humana.api.schema import operation
from humana.api.versions import expected
from humana.api.views import ApiView


class PolicyListView(ListView):
    """The organization's policies in the order in which companions are told them."""

    permission = POLICIES.name
    listed = ("listPolicies", "Policies in their order")
    shape = shapes.PolicyShape
    columns = shapes.PolicyShape.__struct_fields__
    order = ("position", "id")
    filters = {"active": Flag("Only those in force, or only those that are not.")}

    def rows(self, request: Request, **named: Any) -> QuerySet[Policy]:
        return policies().filter(**self.asked)

    @operation(
        "publishPolicy",
        "Publish a new policy; the very next answers follow it",
        takes=shapes.PlacedPolicyInput,
        gives=shapes.PolicyShape,
        status=201,
    )
    def post(self, request: Request) -> HttpResponse:
        row = publish_policy(member=self.member, **self.body(shapes.PlacedPolicyInput))
        address = f"/api/v1/policies/{row.id}/"
        return self.answer(shapes.policy(row), status=201, version=row.version, location=address)


class NewPolicyPreviewView(ApiView):
    """What a new policy would change."""

    permission = POLICIES.name

    @operation(
        "previewNewPolicy",
        "What a new policy would change; nothing is published",
        takes=shapes.PolicyInput,
        gives=shapes.PreviewShape,
    )
    def post(self, request: Request) -> HttpResponse:
        told = preview_policy(member=self.member, **self.body(shapes.PolicyInput))
        return self.answer(shapes.preview(told))


class PolicyView(ApiView):
    """One policy. It is never removed, since answers point at its versions: put it out of force."""

    permission = POLICIES.name

    @operation("readPolicy", "One policy", gives=shapes.PolicyShape)
    def get(self, request: Request, policy_id: uuid.UUID) -> HttpResponse:
        row = access_policy(member=self.member, policy_id=policy_id)
        return self.answer(shapes.policy(row), version=row.version)

    @operation(
        "changePolicy",
        "Publish a change as a new version",
        takes=shapes.PlacedPolicyInput,
        gives=shapes.PolicyShape,
    )
    def patch(self, request: Request, policy_id: uuid.UUID) -> HttpResponse:
        row = access_policy(member=self.member, policy_id=policy_id)
        sent = self.body(shapes.PlacedPolicyInput, partial=True)
        version = expected(request, row.version)
        wanted = shapes.whole(row, shapes.POLICY_FIELDS, sent)
        row = publish_policy(member=self.member, policy=row, version=version, **wanted)
        return self.answer(shapes.policy(row), version=row.version)


class PolicyPreviewView(ApiView):
    """What a change of a policy would change for companions."""

    permission = POLICIES.name

    @operation(
        "previewPolicy",
        "What a change of a policy would change; nothing is published",
        takes=shapes.PolicyInput,
        gives=shapes.PreviewShape,
    )
    def post(self, request: Request, policy_id: uuid.UUID) -> HttpResponse:
        row = access_policy(member=self.member, policy_id=policy_id)
        wanted = shapes.whole(row, shapes.POLICY_FIELDS, self.body(shapes.PolicyInput, partial=True))
        return self.answer(shapes.preview(preview_policy(member=self.member, policy=row, **wanted)))


class PolicyVersionListView(ListView):
    """What was published of one policy, the latest first."""

    permission = POLICIES.name
    listed = ("listPolicyVersions", "What was published of a policy")
    shape = shapes.PolicyVersionShape
    columns = shapes.PolicyVersionShape.__struct_fields__
    order = ("-number", "-id")

    def rows(self, request: Request, **named: Any) -> QuerySet[PolicyVersion]:
        return policy_versions(access_policy(member=self.member, policy_id=named["policy_id"]))


class RestorePolicyView(ApiView):
    """An earlier version, published again."""

    permission = POLICIES.name

    @operation("restorePolicy", "Publish an earlier version again, as a new one", gives=shapes.PolicyShape)
    def post(self, request: Request, policy_id: uuid.UUID, policy_version_id: uuid.UUID) -> HttpResponse:
        row = access_policy(member=self.member, policy_id=policy_id)
        self.no_body()
        row = restore_policy(member=self.member, policy=row, version_id=policy_version_id)
        return self.answer(shapes.policy(row), version=row.version)
