"""Who may come in: identities, members, keys, invitations."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from tenants.console import InHandAdmin, OperatorAdmin
from tenants.console_actions import confirmed
from tenants.console_forms import MemberForm, PersonForm
from tenants.models import ApiKey, Invitation, Membership, User
from tenants.services.invitations import withdraw
from tenants.services.keys import revoke_api_key


@admin.register(User)
class UserAdmin(OperatorAdmin):
    """The sign-in identity. Neither e-mail nor password: whoever sets them could sign in as somebody."""

    may_change = True
    form = PersonForm
    list_display = ("email", "name", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "name")
    fields = ("email", "name", "language", "time_zone", "is_active", "is_staff", "date_joined", "last_login")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Only superusers make operators, and nobody unmakes themselves by accident."""
        fixed: tuple[str, ...] = ("email", "date_joined", "last_login")
        if obj == request.user:
            return (*fixed, "is_active", "is_staff")
        return fixed if getattr(request.user, "is_superuser", False) else (*fixed, "is_staff")


@admin.register(Membership)
class MembershipAdmin(InHandAdmin):
    """Nobody is made a member here: an operator could enter without a support session."""

    may_add = may_delete = False
    form = MemberForm
    list_display = ("user", "role_label", "state", "team", "position")
    list_filter = ("state", "role")
    list_select_related = ("user", "team", "position")
    search_fields = ("user__email", "user__name")
    fields = ("user", "role", "state", "team", "position", "extra_permissions", "withheld_permissions")
    readonly_fields = ("user",)
    raw_id_fields = ("team", "position")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and getattr(obj, "user", None) != request.user

    @display(description=_("role"), ordering="role")  # type: ignore[untyped-decorator]
    def role_label(self, member: Membership) -> str:
        return member.role_label


@admin.register(ApiKey)
class ApiKeyAdmin(InHandAdmin):
    """Only what is not secret: neither the key nor its digest."""

    may_add = may_change = may_delete = False
    list_display = ("name", "prefix", "membership", "expires_at", "last_used_at", "revoked_at")
    list_select_related = ("membership__user", "membership__organization")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    search_fields = ("name", "prefix")
    fields = (
        "name",
        "prefix",
        "membership",
        "scopes",
        "expires_at",
        "last_used_at",
        "revoked_at",
        "created_at",
    )
    actions = ("revoke",)

    @confirmed(
        description=_("Revoke"),
        question=_("From now on these keys open nothing. Programs that use them stop working."),
    )
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        for key in queryset.filter(revoked_at=None):
            revoke_api_key(key=key)


@admin.register(Invitation)
class InvitationAdmin(InHandAdmin):
    """To read, and to withdraw: nobody is invited here, and no link is shown."""

    may_add = may_change = may_delete = False
    list_display = ("email", "role_label", "state", "invited_by", "sent_at", "expires_at")
    list_select_related = ("invited_by",)
    list_filter = ("state",)
    search_fields = ("email",)
    fields = (
        "email", "role", "team", "position", "language", "state", "invited_by", "created_at", "sent_at",
        "expires_at", "answered_at",
    )  # fmt: skip
    actions = ("withdraw",)

    @display(description=_("role"), ordering="role")  # type: ignore[untyped-decorator]
    def role_label(self, invitation: Invitation) -> str:
        return invitation.role_label

    @confirmed(
        description=_("Withdraw"), question=_("From now on the links of these invitations open nothing.")
    )
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        for invitation in queryset.filter(state=Invitation.State.PENDING):
            withdraw(invitation=invitation)
