"""What people and companions did together, what people think of it, and the figures made of both."""

from __future__ import annotations

import uuid

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from companions.models.companions import Companion
from humana.kernel.text import said_when
from tenants.fields import ProtectedTextField
from tenants.scoping import OrganizationScoped, TenantForeignKey

#: In place of an id where a figure is of the whole organization, or has no other end.
ALL = uuid.UUID(int=0)


class Feedback(OrganizationScoped):
    """What a member thinks of a companion: stars, words, or both. One each, changed as they like.

    `answer_id` is an answer it is about, which may be in a further placement; kept in the main one.
    """

    companion = TenantForeignKey(
        Companion, models.CASCADE, related_name="feedback", verbose_name=_("companion")
    )
    member_id = models.UUIDField(_("by"))
    rating = models.PositiveSmallIntegerField(
        _("rating"), null=True, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    text = ProtectedTextField(_("text"), blank=True)
    answer_id = models.UUIDField(_("about the answer"), null=True)

    class Meta(OrganizationScoped.Meta):
        verbose_name = _("feedback")
        verbose_name_plural = _("feedback")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "companion", "member_id"], name="feedback_once"
            )
        ]
        indexes = [models.Index(fields=["organization_id", "created_at"], name="feedback_by_time")]

    def __str__(self) -> str:
        return said_when(self.created_at)


class Interaction(OrganizationScoped):
    """One thing that a companion did with somebody: an answer, a message, a conversation handed on.

    Written once and never changed. `subject_id` is the run, message or handoff; `session_id` what it
    belongs to: the conversation, or the first message of a trace. `other_id` is the companion at the
    other end. `count` is how many messages it was made of. Ids only, so it outlives whom it names.
    """

    class Kind(models.TextChoices):
        CHAT = "chat", _("Conversation")
        API = "api", _("Through the API")
        COLLABORATION = "collaboration", _("Help between companions")
        HANDOFF = "handoff", _("Handed over")
        SHARE = "share", _("Knowledge shared")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    companion_id = models.UUIDField(_("companion"))
    other_id = models.UUIDField(_("other companion"), null=True)
    member_id = models.UUIDField(_("member"))
    subject_id = models.UUIDField(_("what it was"))
    session_id = models.UUIDField(_("what it belongs to"))
    outcome = models.CharField(_("outcome"), max_length=16, blank=True)
    count = models.PositiveIntegerField(_("messages"), default=1)
    began_at = models.DateTimeField(_("began"))
    ended_at = models.DateTimeField(_("ended"))

    class Meta(OrganizationScoped.Meta):
        verbose_name = _("interaction")
        verbose_name_plural = _("interactions")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "kind", "subject_id"], name="interaction_once")
        ]
        indexes = [
            models.Index(fields=["organization_id", "created_at", "id"], name="interaction_by_time"),
            models.Index(fields=["organization_id", "member_id", "created_at"], name="interaction_by_member"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {said_when(self.created_at)}"


class Figure(OrganizationScoped):
    """How much of something there was on one day of the organization's; days add up to any period.

    `subject_id` is a companion, or what else the name is about; ALL for the whole organization.
    """

    name = models.CharField(max_length=32)
    day = models.DateField()
    subject_id = models.UUIDField(default=ALL)
    other_id = models.UUIDField(default=ALL)
    value = models.BigIntegerField()

    class Meta(OrganizationScoped.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "day", "subject_id", "name", "other_id"], name="figure_once"
            )
        ]
        indexes = [models.Index(fields=["organization_id", "subject_id", "day"], name="figure_of_subject")]

    def __str__(self) -> str:
        return f"{self.day} {self.name}"


class Counting(OrganizationScoped):
    """How far the figures of this placement are counted: one row, held while they are.

    What was written until `counted_to` is in them. `earlier` is the next older day still to be counted,
    NULL when none is; `zone` is the time zone whose days they are.
    """

    counted_to = models.DateTimeField(null=True)
    earlier = models.DateField(null=True)
    zone = models.CharField(max_length=64, blank=True)

    class Meta(OrganizationScoped.Meta):
        constraints = [models.UniqueConstraint(fields=["organization_id"], name="counting_once")]


class Recount(OrganizationScoped):
    """A moment in the past of which something is no longer as it was counted; gone once it is."""

    moment = models.DateTimeField()

    class Meta(OrganizationScoped.Meta):
        indexes = [models.Index(fields=["organization_id", "moment"], name="recount_by_moment")]
