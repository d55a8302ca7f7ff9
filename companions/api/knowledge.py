"""What the organization knows, for programs: the same services as the pages."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from companions.api import knowledge_shapes as shapes
from companions.beneficiaries import beneficiaries
from companions.correspondence import access_delivery
from companions.knowledge import access_asset, access_asset_version, assets_for, uses_of, versions_of
from companions.models import KnowledgeAsset, KnowledgeVersion
from companions.permissions import KNOWLEDGE, READ, SHARE
from companions.services.knowledge import bring_back, edit_asset, remove_asset, restore_version, write_asset
from companions.services.sharing import keep_share, share_knowledge
from documents.standing import progress
from humana.api.filters import Choice
from humana.api.lists import ListView
from humana.api.schema import operation
from humana.api.versions import expected
from humana.api.views import ApiView


def _detail(view: ApiView, row: KnowledgeAsset, **more: Any) -> HttpResponse:
    told = shapes.asset(row, uses_of([row.id]).get(row.id, 0))
    return view.answer(told, version=row.version, **more)


class AssetListView(ListView):
    """What the caller may read of what is known, by title."""

    permissions = {"GET": READ.name, "POST": KNOWLEDGE.name}
    shape = shapes.AssetShape
    columns = shapes.AssetShape.__struct_fields__
    order = ("title", "id")
    filters = {"source": Choice("Only what came so.", tuple(KnowledgeAsset.Source.values))}

    @operation("listKnowledge", "Knowledge by title", gives=shapes.AssetShape)
    def get(self, request: Request, **named: Any) -> HttpResponse:
        return super().get(request, **named)

    def rows(self, request: Request, **named: Any) -> QuerySet[KnowledgeAsset]:
        return assets_for(self.member).filter(**self.asked)

    @operation(
        "writeKnowledge",
        "Add to the common knowledge",
        takes=shapes.AssetInput,
        gives=shapes.AssetDetail,
        status=201,
    )
    def post(self, request: Request) -> HttpResponse:
        row = write_asset(member=self.member, **self.body(shapes.AssetInput))
        return _detail(self, row, status=201, location=f"/api/v1/knowledge/{row.id}/")


class ShareView(ApiView):
    """What the caller knows."""

    permission = SHARE.name

    @operation(
        "shareKnowledge",
        "Share what the caller knows with those around them, or with fewer",
        takes=shapes.ShareInput,
        gives=shapes.AssetDetail,
        status=201,
    )
    def post(self, request: Request) -> HttpResponse:
        row = share_knowledge(member=self.member, **self.body(shapes.ShareInput))
        return _detail(self, row, status=201, location=f"/api/v1/knowledge/{row.id}/")


class AssetView(ApiView):
    """One asset. Whoever shared it may edit it too."""

    permissions = {"GET": READ.name, "PATCH": READ.name, "DELETE": READ.name}

    @operation("readKnowledge", "One asset of knowledge", gives=shapes.AssetDetail)
    def get(self, request: Request, asset_id: uuid.UUID) -> HttpResponse:
        return _detail(self, access_asset(member=self.member, asset_id=asset_id))

    @operation("editKnowledge", "Change an asset", takes=shapes.AssetInput, gives=shapes.AssetDetail)
    def patch(self, request: Request, asset_id: uuid.UUID) -> HttpResponse:
        row = access_asset(member=self.member, asset_id=asset_id)
        wanted = self.body(shapes.AssetInput, partial=True)
        version = expected(request, row.version)
        return _detail(self, edit_asset(member=self.member, asset=row, version=version, **wanted))

    @operation("removeKnowledge", "No companion is told it any more; it can be brought back", status=204)
    def delete(self, request: Request, asset_id: uuid.UUID) -> HttpResponse:
        row = access_asset(member=self.member, asset_id=asset_id)
        self.no_body()
        remove_asset(member=self.member, asset=row, version=expected(request, row.version))
        return self.nothing()


class BringBackAssetView(ApiView):
    """An asset that was removed."""

    permission = READ.name

    @operation("bringBackKnowledge", "Undo the removal of an asset", gives=shapes.AssetDetail)
    def post(self, request: Request, asset_id: uuid.UUID) -> HttpResponse:
        row = access_asset(member=self.member, asset_id=asset_id, removed=True)
        self.no_body()
        return _detail(self, bring_back(member=self.member, asset=row))


class AssetVersionListView(ListView):
    """What one asset said, the latest first."""

    permission = READ.name
    shape = shapes.AssetVersionShape
    columns = shapes.AssetVersionShape.__struct_fields__
    order = ("-number", "-id")

    @operation("listKnowledgeVersions", "What an asset said", gives=shapes.AssetVersionShape)
    def get(self, request: Request, **named: Any) -> HttpResponse:
        return super().get(request, **named)

    def rows(self, request: Request, **named: Any) -> QuerySet[KnowledgeVersion]:
        return versions_of(access_asset(member=self.member, asset_id=named["asset_id"]))


class RestoreAssetView(ApiView):
    """An earlier version, said again."""

    permission = READ.name

    @operation("restoreKnowledge", "Say again what an earlier version said", gives=shapes.AssetDetail)
    def post(self, request: Request, asset_id: uuid.UUID, asset_version_id: uuid.UUID) -> HttpResponse:
        row = access_asset(member=self.member, asset_id=asset_id)
        then = access_asset_version(asset=row, version_id=asset_version_id)
        self.no_body()
        return _detail(self, restore_version(member=self.member, asset=row, then=then))


class AssetBeneficiariesView(ApiView):
    """Who is told one asset."""

    permission = KNOWLEDGE.name

    @operation("readKnowledgeBeneficiaries", "Which companions are told it", gives=shapes.BeneficiariesShape)
    def get(self, request: Request, asset_id: uuid.UUID) -> HttpResponse:
        row = access_asset(member=self.member, asset_id=asset_id)
        return self.answer(shapes.beneficiaries(beneficiaries(row)), version=0)


class MeaningView(ApiView):
    """How far a change of the model of embeddings is."""

    permission = KNOWLEDGE.name

    @operation("readMeaning", "How far passages are read by the model in use", gives=shapes.MeaningShape)
    def get(self, request: Request) -> HttpResponse:
        now = progress()
        told = shapes.MeaningShape(now.state, now.serving, now.wanted, now.done, now.total, now.problem)
        return self.answer(told, version=0)


class KeepShareView(ApiView):
    """What a companion was told by another."""

    permission = SHARE.name

    @operation(
        "keepShare",
        "Keep what a companion was told, as knowledge",
        takes=shapes.KeepInput,
        gives=shapes.AssetDetail,
        status=201,
    )
    def post(self, request: Request, delivery_id: uuid.UUID) -> HttpResponse:
        copy = access_delivery(member=self.member, delivery_id=delivery_id)
        row = keep_share(member=self.member, copy=copy, **self.body(shapes.KeepInput))
        return _detail(self, row, status=201, location=f"/api/v1/knowledge/{row.id}/")
