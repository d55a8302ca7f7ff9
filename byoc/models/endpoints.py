"""Endpoints, and what an operator granted beside them."""

from __future__ import annotations

from django.db import models
from django.db.models.fields.json import KT
from django.utils.translation import gettext_lazy as _

from humana.kernel.models import BaseModel
from tenants.models import Organization


class Endpoint(BaseModel):
    """One address and how to sign in there: the platform's own, or an organization's.

    `origin` is scheme, host and port; empty is the platform's own server of that type. `path` follows
    it. `credentials` is sealed JSON, bound to the organization, the row, the type and the origin: changed
    in any of them, it no longer opens. `version` counts changes; it is part of a database's alias.
    `rank` orders what serves the same role. `offers` (its models), `limits`, `prices` are those of a language
    model's endpoint. `tags` are the customer's words for its contract with the provider.
    """

    class Kind(models.TextChoices):
        DATABASE = "database", _("Database")
        STORAGE = "storage", _("Storage")
        LLM = "llm", _("Language model")
        MONITORING = "monitoring", _("Monitoring")
        IDENTITY = "identity", _("Identity")

    class Role(models.TextChoices):
        PRIMARY = "primary", _("Primary")
        FALLBACK = "fallback", _("Fallback")
        REPLICA = "replica", _("Replica")
        BACKUP = "backup", _("Backup")
        DOCUMENTS = "documents", _("Documents")
        ATTACHMENTS = "attachments", _("Attachments")
        EXPORTS = "exports", _("Exports")
        EMBEDDING = "embedding", _("Embeddings")
        METRICS = "metrics", _("Metrics and traces")
        LOGS = "logs", _("Logs")
        ALERTS = "alerts", _("Alerts")
        SSO = "sso", _("Sign-in")
        DIRECTORY = "directory", _("Directory")

    class State(models.TextChoices):
        """A database that is ready serves wherever a placement names it; the others serve when active."""

        DRAFT = "draft", _("Not validated")
        READY = "ready", _("Ready")
        ACTIVE = "active", _("In use")
        CLOSED = "closed", _("Closed")

    organization = models.ForeignKey(
        Organization, null=True, blank=True, on_delete=models.CASCADE, related_name="endpoints"
    )
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    role = models.CharField(_("role"), max_length=16, choices=Role.choices, default=Role.PRIMARY)
    type = models.CharField(_("type"), max_length=24)
    name = models.CharField(_("name"), max_length=80)
    origin = models.CharField(_("address"), max_length=300, blank=True)
    path = models.CharField(_("path"), max_length=300, blank=True)
    options = models.JSONField(_("options"), default=dict, blank=True)
    credentials = models.TextField(blank=True, editable=False)
    zone = models.CharField(_("sovereignty zone"), max_length=40, blank=True)
    region = models.CharField(_("region"), max_length=60, blank=True)
    tags = models.JSONField(_("contract"), default=list, blank=True)
    offers = models.JSONField(_("models"), default=list, blank=True)
    limits = models.JSONField(_("limits"), default=dict, blank=True)
    prices = models.JSONField(_("prices"), default=dict, blank=True)
    rank = models.PositiveSmallIntegerField(_("order"), default=0)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.READY)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("endpoint")
        verbose_name_plural = _("endpoints")
        ordering = ["kind", "role", "rank", "name"]
        constraints = (
            models.UniqueConstraint(
                "origin",
                KT("options__database"),
                name="byoc_endpoint_brought_once",
                condition=models.Q(organization__isnull=False, role="primary", kind="database")
                & ~models.Q(origin=""),
            ),
            models.UniqueConstraint(
                fields=["organization", "kind", "name"],
                name="byoc_endpoint_named_once",
                condition=~models.Q(kind="database"),
                nulls_distinct=False,
            ),
            # Several models may be in use at once, and several ways to sign in; of these only one.
            models.UniqueConstraint(
                fields=["organization", "kind", "role"],
                name="byoc_endpoint_active_once",
                condition=models.Q(state="active", kind__in=["storage", "monitoring"]),
                nulls_distinct=False,
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def url(self) -> str:
        return f"{self.origin}{self.path}"


class EgressGrant(BaseModel):
    """What may be dialled for an organization (or for the platform itself) that is not public https.

    By the name, by a network in CIDR, or by both: then the name must lead into the network. Metadata,
    link-local and multicast addresses stay closed even so.
    """

    organization = models.ForeignKey(
        Organization, null=True, blank=True, on_delete=models.CASCADE, related_name="egress_grants"
    )
    scheme = models.CharField(_("scheme"), max_length=16)
    host = models.CharField(_("host"), max_length=253, blank=True)
    network = models.CharField(_("network"), max_length=49, blank=True)
    port = models.PositiveIntegerField(_("port"))
    reason = models.CharField(_("reason"), max_length=200)
    approved_by = models.UUIDField(null=True, editable=False)
    expires_at = models.DateTimeField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("egress grant")
        verbose_name_plural = _("egress grants")
        ordering = ["-created_at"]
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(host="", network=""), name="byoc_grant_names_host_or_network"
            ),
        )

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host or self.network}:{self.port}"
