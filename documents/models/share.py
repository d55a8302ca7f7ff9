"""Who is given a folder or a document, beside its owner."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from documents.models.folder import Folder
from tenants.scoping import OrganizationScoped, TenantForeignKey


class Share(OrganizationScoped):
    """A folder with all below it, or one document, given to a member, or to a team with all teams below.

    `aim_id` is what is given and `whose_id` to whom, so that each pair is there once. A document is named
    by its id, for it may be at the organization's own MongoDB. `given_by` is a person.
    """

    class Right(models.TextChoices):
        READ = "read", _("can read")
        WRITE = "write", _("can read and write")

    folder = TenantForeignKey(Folder, models.CASCADE, null=True, related_name="shares")
    document_id = models.UUIDField(null=True)
    aim_id = models.UUIDField()
    member_id = models.UUIDField(null=True)
    team_id = models.UUIDField(null=True)
    whose_id = models.UUIDField()
    right = models.CharField(_("right"), max_length=5, choices=Right.choices)
    given_by = models.UUIDField()
    version = models.PositiveIntegerField(default=1)

    class Meta(OrganizationScoped.Meta):
        verbose_name = _("share")
        verbose_name_plural = _("shares")
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "aim_id", "whose_id"], name="share_once"),
            models.CheckConstraint(
                condition=models.Q(folder=None, document_id__isnull=False)
                | models.Q(folder__isnull=False, document_id=None),
                name="share_of_one_thing",
            ),
            models.CheckConstraint(
                condition=models.Q(member_id=None, team_id__isnull=False)
                | models.Q(member_id__isnull=False, team_id=None),
                name="share_with_one_party",
            ),
        ]
        indexes = [models.Index(fields=["organization_id", "whose_id"], name="share_by_party")]


class ShareMark(OrganizationScoped):
    """That a member has seen what they were given, or left it: a share with a team stays for the others."""

    share = TenantForeignKey(Share, models.CASCADE, related_name="marks")
    member_id = models.UUIDField()
    left = models.BooleanField(default=False)

    class Meta(OrganizationScoped.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "share", "member_id"], name="share_mark_once")
        ]
