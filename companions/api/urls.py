"""Routes of companions."""

from __future__ import annotations

from companions.api import assets, inherited, network, policies, structure_file, views
from humana.api.routes import route

urlpatterns = [
    route("companions/", views.CompanionListView, "api-companions"),
    route("companions/<uuid:companion_id>/", views.CompanionView, "api-companion"),
    route("companions/<uuid:companion_id>/restore/", views.RestoreCompanionView, "api-restore-companion"),
    route("policies/", policies.PolicyListView, "api-policies"),
    route("policies/preview/", policies.NewPolicyPreviewView, "api-preview-new-policy"),
    route("policies/<uuid:policy_id>/", policies.PolicyView, "api-policy"),
    route("policies/<uuid:policy_id>/preview/", policies.PolicyPreviewView, "api-preview-policy"),
    route("policies/<uuid:policy_id>/versions/", policies.PolicyVersionListView, "api-policy-versions"),
    route(
        "policies/<uuid:policy_id>/versions/<uuid:policy_version_id>/restore/",
        policies.RestorePolicyView,
        "api-restore-policy",
    ),
    route("values/", inherited.ValueListView, "api-values"),
    route("values/preview/", inherited.NewValuePreviewView, "api-preview-new-value"),
    route("values/<uuid:value_id>/", inherited.ValueView, "api-value"),
    route("values/<uuid:value_id>/preview/", inherited.ValuePreviewView, "api-preview-value"),
    route("brand/", inherited.BrandView, "api-brand"),
    route("brand/preview/", inherited.BrandPreviewView, "api-preview-brand"),
    route("brand/versions/", inherited.BrandVersionListView, "api-brand-versions"),
    route("brand/assets/", assets.BrandAssetListView, "api-brand-assets"),
    route("brand/assets/<uuid:asset_id>/", assets.BrandAssetView, "api-brand-asset"),
    route("brand/assets/<uuid:asset_id>/file/", assets.BrandAssetFileView, "api-brand-asset-file"),
    route("brand/assets/<uuid:asset_id>/restore/", assets.RestoreBrandAssetView, "api-restore-brand-asset"),
    route("structure/", structure_file.StructureFileView, "api-structure"),
    route("structure/preview/", structure_file.StructurePreviewView, "api-preview-structure"),
    route("structure/import/", structure_file.StructureImportView, "api-import-structure"),
    route("companions/<uuid:companion_id>/reach/", network.ReachView, "api-reach"),
    route("network/messages/", network.SentListView, "api-companion-messages"),
    route("network/messages/<uuid:sent_id>/", network.SentView, "api-companion-message"),
    route("network/deliveries/", network.DeliveryListView, "api-deliveries"),
    route("network/deliveries/<uuid:delivery_id>/release/", network.ReleaseView, "api-release-delivery"),
    route("network/rules/", network.RuleListView, "api-access-rules"),
    route("network/rules/<uuid:rule_id>/", network.RuleView, "api-access-rule"),
]
