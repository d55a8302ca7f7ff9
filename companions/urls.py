from __future__ import annotations

from django.urls import path

from companions import (
    asset_pages,
    companion_pages,
    heritage_pages,
    policy_pages,
    structure_file_pages,
    structure_pages,
    views,
    views_network,
)

urlpatterns = [
    path("settings/policies/", policy_pages.policies, name="policies"),
    path("settings/policies/new/", policy_pages.new_policy, name="new-policy"),
    path("settings/policies/<uuid:policy_id>/", policy_pages.policy, name="policy"),
    path("settings/policies/<uuid:policy_id>/history/", policy_pages.policy_history, name="policy-history"),
    path("settings/values/", heritage_pages.values, name="values"),
    path("settings/values/new/", heritage_pages.new_value, name="new-value"),
    path("settings/values/<uuid:value_id>/", heritage_pages.value, name="value"),
    path("settings/values/<uuid:value_id>/move/", heritage_pages.move, name="move-value"),
    path("settings/values/<uuid:value_id>/drop/", heritage_pages.drop, name="drop-value"),
    path("settings/brand/", heritage_pages.brand, name="brand"),
    path("settings/teams/", structure_pages.teams, name="teams"),
    path("settings/teams/new/", structure_pages.new_team, name="new-team"),
    path("settings/teams/<uuid:team_id>/", structure_pages.team, name="team"),
    path("settings/teams/<uuid:team_id>/remove/", structure_pages.remove_team, name="remove-team"),
    path("settings/positions/", structure_pages.positions, name="positions"),
    path("settings/positions/new/", structure_pages.new_position, name="new-position"),
    path("settings/positions/<uuid:position_id>/", structure_pages.position, name="position"),
    path(
        "settings/positions/<uuid:position_id>/remove/",
        structure_pages.remove_position,
        name="remove-position",
    ),
    path("settings/members/<uuid:member_id>/", structure_pages.place, name="place-member"),
    path("settings/companions/", companion_pages.manage, name="manage-companions"),
    path("settings/companions/new/", companion_pages.new, name="new-companion"),
    path("settings/companions/<uuid:companion_id>/", companion_pages.edit, name="edit-companion"),
    path("settings/companions/<uuid:companion_id>/remove/", companion_pages.remove, name="remove-companion"),
    path(
        "settings/companions/<uuid:companion_id>/restore/", companion_pages.restore, name="restore-companion"
    ),
    path("settings/brand/assets/", asset_pages.add_assets, name="add-brand-assets"),
    path("settings/brand/assets/<uuid:asset_id>/", asset_pages.asset_file, name="brand-asset"),
    path("settings/brand/assets/<uuid:asset_id>/edit/", asset_pages.edit_asset, name="edit-brand-asset"),
    path("settings/brand/assets/<uuid:asset_id>/remove/", asset_pages.remove, name="remove-brand-asset"),
    path("settings/brand/assets/<uuid:asset_id>/restore/", asset_pages.restore, name="restore-brand-asset"),
    path("settings/structure/", structure_file_pages.structure, name="structure"),
    path("settings/structure/file/", structure_file_pages.structure_file, name="structure-file"),
    path("places/", views.places, name="places"),
    path("settings/infrastructure/", views.infrastructure_page, name="infrastructure"),
    path("settings/infrastructure/<uuid:companion_id>/", views.choose_model, name="choose-model"),
    path("network/", views_network.network_page, name="network"),
    path("network/send/", views_network.send, name="send-companion-message"),
    path("network/<uuid:sent_id>/", views_network.trace, name="companion-trace"),
    path("network/deliveries/<uuid:delivery_id>/", views_network.release, name="release-delivery"),
    path("companions/", views.companions, name="companions"),
    path("companions/<slug:companion_slug>/", views.companion, name="companion"),
]
