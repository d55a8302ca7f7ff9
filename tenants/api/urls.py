"""Routes of people and keys."""

from __future__ import annotations

from humana.api.routes import route
from tenants.api import configuration, structure, views

urlpatterns = [
    route("me/", views.MeView, "api-me"),
    route("api-keys/", views.ApiKeyListView, "api-keys"),
    route("api-keys/<uuid:key_id>/", views.ApiKeyView, "api-key"),
    route("teams/", structure.TeamListView, "api-teams"),
    route("teams/<uuid:team_id>/", structure.TeamView, "api-team"),
    route("teams/<uuid:team_id>/dissolve/", structure.DissolveTeamView, "api-dissolve-team"),
    route("positions/", structure.PositionListView, "api-positions"),
    route("positions/<uuid:position_id>/", structure.PositionView, "api-position"),
    route("positions/<uuid:position_id>/dissolve/", structure.DissolvePositionView, "api-dissolve-position"),
    route("members/", structure.MemberListView, "api-members"),
    route("members/<uuid:member_id>/", structure.MemberView, "api-member"),
    route("configuration/", configuration.ConfigurationView, "api-configuration"),
    route("configuration/<str:config_key>/", configuration.SettingView, "api-setting"),
    route("me/configuration/", configuration.MyConfigurationView, "api-my-configuration"),
    route("me/configuration/<str:config_key>/", configuration.MySettingView, "api-my-setting"),
    route(
        "teams/<uuid:team_id>/configuration/", configuration.TeamConfigurationView, "api-team-configuration"
    ),
    route(
        "teams/<uuid:team_id>/configuration/<str:config_key>/",
        configuration.TeamSettingView,
        "api-team-setting",
    ),
]
