"""Pages about the organization itself, under /o/{slug}/."""

from __future__ import annotations

from django.urls import path

from tenants import (
    invitation_pages,
    key_pages,
    member_pages,
    organization_pages,
    profile_pages,
    role_pages,
    settings_pages,
    two_step_pages,
    views,
)

_ONE, _ASKED = "settings/members/<uuid:member_id>/", "settings/invitations/<uuid:invitation_id>/"

urlpatterns = [
    path("places/reports/<uuid:report_id>/", views.report, name="report"),
    path("settings/", profile_pages.overview, name="settings"),
    path("settings/profile/", profile_pages.profile, name="profile"),
    path("settings/two-step/", two_step_pages.two_step, name="two-step"),
    path("settings/sessions/", profile_pages.sessions, name="sessions"),
    path("settings/sessions/end/", profile_pages.end_sessions, name="end-sessions"),
    path("settings/organizations/", profile_pages.organizations, name="my-organizations"),
    path("settings/organizations/primary/", profile_pages.make_primary, name="make-primary"),
    path("settings/organizations/leave/", profile_pages.leave_organization, name="leave-organization"),
    path("settings/organization/", organization_pages.organization, name="organization-settings"),
    path("settings/trust/", organization_pages.trust, name="trust"),
    path("settings/configuration/", settings_pages.configuration, name="configuration"),
    path("settings/mine/", settings_pages.personal, name="personal-settings"),
    path("settings/keys/", key_pages.keys, name="keys"),
    path("settings/keys/all/", key_pages.organization_keys, name="organization-keys"),
    path("settings/keys/<uuid:key_id>/revoke/", key_pages.revoke_key, name="revoke-key"),
    path("settings/roles/", role_pages.roles, name="roles"),
    path("settings/roles/new/", role_pages.new_role, name="new-role"),
    path("settings/roles/<uuid:role_id>/", role_pages.role, name="role"),
    path("settings/roles/<uuid:role_id>/remove/", role_pages.remove, name="remove-role"),
    path("settings/members/", member_pages.members, name="members"),
    path(_ONE, member_pages.member, name="member"),
    path(f"{_ONE}suspend/", member_pages.suspend, name="suspend-member"),
    path(f"{_ONE}bring-back/", member_pages.come_back, name="bring-back-member"),
    path(f"{_ONE}second-step/reset/", two_step_pages.reset, name="reset-second-step"),
    path(f"{_ONE}remove/", member_pages.remove, name="remove-member"),
    path("settings/invitations/", invitation_pages.invitations, name="invitations"),
    path("settings/invitations/new/", invitation_pages.new_invitation, name="new-invitation"),
    path(f"{_ASKED}send/", invitation_pages.resend, name="resend-invitation"),
    path(f"{_ASKED}withdraw/", invitation_pages.withdraw_invitation, name="withdraw-invitation"),
]
