"""Routes of people and keys."""

from __future__ import annotations

from humana.api.routes import route
from tenants.api import configuration, oneself, organization, own_keys, people, roles, structure, views

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
    route("members/", people.MemberListView, "api-members"),
    route("members/<uuid:member_id>/", people.MemberView, "api-member"),
    route("members/<uuid:member_id>/second-step/", people.MemberSecondStepView, "api-second-step"),
    route("roles/", roles.RoleListView, "api-roles"),
    route("roles/<uuid:role_id>/", roles.RoleView, "api-role"),
    route("roles/<uuid:role_id>/preview/", roles.RoleEffectView, "api-role-preview"),
    route("roles/<uuid:role_id>/dissolve/", roles.DissolveRoleView, "api-dissolve-role"),
    route("invitations/", people.InvitationListView, "api-invitations"),
    route("invitations/<uuid:invitation_id>/", people.InvitationView, "api-invitation"),
    route("invitations/<uuid:invitation_id>/send/", people.SendInvitationView, "api-send-invitation"),
    route("organization/", organization.OrganizationView, "api-organization"),
    route("me/devices/", oneself.DeviceListView, "api-my-devices"),
    route("me/devices/<uuid:device_id>/", oneself.DeviceView, "api-my-device"),
    route("me/leave/", oneself.LeaveView, "api-leave"),
    route("me/api-keys/", own_keys.OwnKeyListView, "api-my-keys"),
    route("me/api-keys/<uuid:key_id>/", own_keys.OwnKeyView, "api-my-key"),
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
