"""How an organization is built: teams and positions. Under row-level security."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from humana.kernel.models import BaseModel
from tenants.models.organizations import Organization


class Team(BaseModel):
    """A tree; a department is a team that others look up to. One with others below it goes only with them."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="teams")
    name = models.CharField(_("name"), max_length=80)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.RESTRICT, verbose_name=_("part of")
    )
    is_department = models.BooleanField(_("department"), default=False)

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["organization", "name"], name="team_name_once")]

    def __str__(self) -> str:
        return self.name

    def save(self, **options: Any) -> None:
        """Whose it is, is known before it is there: the database asks for that."""
        if self._state.adding:
            KnownTeam.objects.get_or_create(id=self.id, organization_id=self.organization_id)
        super().save(**options)


class KnownTeam(BaseModel):
    """Whose a team is, or was: its id and no more, seen outside every organization.

    What names a team by its id alone is asked about it by the policy of its table, which sees no team of
    another organization (`tenants.db.operations.RefuseStrangers`). No team is without; it stays when the
    team is dissolved, and goes with the organization.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "id"], name="known_team_once")]

    def __str__(self) -> str:
        return str(self.id)


class Position(BaseModel):
    """A place in the hierarchy. `level` 0 is the top. One that others report to goes only with them."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="positions")
    title = models.CharField(_("title"), max_length=80)
    reports_to = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.RESTRICT, verbose_name=_("reports to")
    )
    level = models.PositiveSmallIntegerField(_("level"), default=0)

    class Meta:
        verbose_name = _("position")
        verbose_name_plural = _("positions")
        ordering = ["level", "title"]
        constraints = [models.UniqueConstraint(fields=["organization", "title"], name="position_title_once")]

    def __str__(self) -> str:
        return self.title
