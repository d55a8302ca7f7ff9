from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from humana.kernel.models import BaseModel
from tenants.fields import TenantForeignKey
from tenants.models.organizations import Organization
from tenants.models.structure import Position, Team


class Invitation(BaseModel):
    """Somebody is asked to come in. Only the link that their mailbox received opens it, and only once.

    `nonce` is part of that link and is another one when it is sent again, so a former link opens nothing.
    Under row-level security: the link itself names the organization.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("Not answered yet")
        ACCEPTED = "accepted", _("Accepted")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(_("e-mail"), max_length=254)
    role = models.CharField(_("role"), max_length=40, default="member")
    team = TenantForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, verbose_name=_("team"))
    position = TenantForeignKey(
        Position, null=True, blank=True, on_delete=models.SET_NULL, verbose_name=_("position")
    )
    language = models.CharField(_("language"), max_length=10)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.PENDING)
    nonce = models.CharField(max_length=32, editable=False)
    expires_at = models.DateTimeField(_("good until"))
    sent_at = models.DateTimeField(_("sent"), null=True, editable=False)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+",
        verbose_name=_("invited by"),
    )  # fmt: skip
    answered_at = models.DateTimeField(_("answered"), null=True, editable=False)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "email"],
                condition=models.Q(state="pending"),
                name="invitation_pending_once",
            )
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def is_good(self) -> bool:
        """Whether its link can still be followed."""
        return self.state == self.State.PENDING and timezone.now() < self.expires_at

    @property
    def ran_out(self) -> bool:
        return self.state == self.State.PENDING and not self.is_good

    @property
    def role_label(self) -> str:
        from tenants.permissions import BUILT_IN_ROLES

        return str(BUILT_IN_ROLES.get(self.role, self.role))
