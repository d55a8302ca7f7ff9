from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_tenants.models import TenantMixin

from humana.kernel.models import BaseModel
from tenants.context import PlacementRef
from tenants.db.levels import is_behind


class Isolation(models.TextChoices):
    ROW = "row", _("Shared pool, isolated by row")
    SCHEMA = "schema", _("Schema of its own")
    DATABASE = "database", _("Database of its own")


class Engine(models.TextChoices):
    """What the database is, by the name of Django's vendor."""

    POSTGRESQL = "postgresql", "PostgreSQL"
    MARIADB = "mysql", "MariaDB"
    SQLITE = "sqlite", "SQLite"


class Placement(TenantMixin, BaseModel):  # type: ignore[misc]
    """Which database, which schema, which isolation. A pool is shared by many organizations.

    django-tenants' TENANT_MODEL: one row per schema. `capacity` counts organizations; null means
    no limit. `migrated` is the latest migration of each tenant app there, as `audit:3 chats:12`.
    `further_of` is the organization that keeps some of its companions here, and lives elsewhere.
    `engine` and `one_role` (who works there owns the tables too) are noted as the tables are made, so
    that saying what a place holds asks no server.
    """

    class State(models.TextChoices):
        READY = "ready", _("Ready")
        PREPARING = "preparing", _("Being prepared")
        CLOSED = "closed", _("Closed to new organizations")

    auto_create_schema = False
    auto_drop_schema = False

    name = models.CharField(_("name"), max_length=80, unique=True)
    isolation = models.CharField(_("isolation"), max_length=16, choices=Isolation.choices)
    database = models.CharField(_("database alias"), max_length=64, default="default")
    zone = models.CharField(_("zone"), max_length=40, blank=True)
    capacity = models.PositiveIntegerField(_("capacity"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.READY)
    further_of = models.ForeignKey(
        "tenants.Organization",
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,  # what is stored here must be removed first
        related_name="further_placements",
        verbose_name=_("further placement of"),
    )
    engine = models.CharField(
        _("engine"), max_length=16, choices=Engine.choices, default=Engine.POSTGRESQL, editable=False
    )
    one_role = models.BooleanField(_("one role"), default=False, editable=False)
    migrated = models.CharField(_("migrated to"), max_length=200, blank=True, editable=False)

    class Meta:
        verbose_name = _("placement")
        verbose_name_plural = _("placements")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> PlacementRef:
        return PlacementRef(
            self.id,
            self.database,
            self.schema_name,
            self.isolation,
            is_behind(self.migrated),
            self.engine,
            self.one_role,
        )
