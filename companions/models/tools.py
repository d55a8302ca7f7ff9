"""Servers of tools (MCP), what they offer, which companion may use it, and what was used."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from companions.models.companions import Companion
from tenants.scoping import OrganizationScoped, TenantForeignKey


class McpServer(OrganizationScoped):
    """A server of tools: the organization's own, or that of the one member `member_id` names.

    Reached at `origin` (scheme, host, port) and `path`, or by the name of a `command` that the installation
    knows; never both. `credentials` is sealed JSON bound to the organization, the row and the origin.
    `slug` is how its tools' names begin. `protocol` is what it spoke when it was last asked; `error` says in
    English why the last look found nothing. Kept in the organization's main placement.

    `sign_in` is sealed JSON bound to the organization, the row and the whole address: the service at which
    somebody signed in, and the tokens it gave, of which the one in use ends at `sign_in_until` (null: nobody
    knows). Who renews them holds `renewing_until` meanwhile: a refresh token is spent once.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Not in use yet")
        READY = "ready", _("In use")
        PAUSED = "paused", _("Paused")

    class SignIn(models.TextChoices):
        NONE = "", "–"
        WANTED = "wanted", _("Somebody has to sign in")
        DONE = "done", _("Signed in")
        AGAIN = "again", _("Sign in again")

    member_id = models.UUIDField(_("of the member"), null=True, blank=True)
    name = models.CharField(_("name"), max_length=80)
    slug = models.CharField(_("short name"), max_length=24)
    origin = models.CharField(_("address"), max_length=300, blank=True)
    path = models.CharField(_("path"), max_length=400, blank=True)
    command = models.CharField(_("command"), max_length=40, blank=True)
    credentials = models.TextField(blank=True, editable=False)
    sign_in = models.TextField(blank=True, default="", editable=False)
    sign_in_state = models.CharField(
        _("sign-in"), max_length=8, choices=SignIn.choices, blank=True, default=SignIn.NONE, editable=False
    )
    signed_in_at = models.DateTimeField(_("signed in"), null=True, editable=False)
    sign_in_until = models.DateTimeField(_("good until"), null=True, editable=False)
    renewing_until = models.DateTimeField(null=True, editable=False)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.DRAFT)
    protocol = models.CharField(max_length=20, blank=True, editable=False)
    discovered_at = models.DateTimeField(_("last asked"), null=True, editable=False)
    error_code = models.CharField(max_length=40, blank=True, editable=False)
    error = models.CharField(_("what is wrong"), max_length=400, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta(OrganizationScoped.Meta):
        verbose_name = _("server of tools")
        verbose_name_plural = _("servers of tools")
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "slug"], name="mcp_server_slug_once")
        ]
        indexes = [models.Index(fields=["organization_id", "member_id", "name"], name="mcp_server_of")]

    def __str__(self) -> str:
        return self.name

    @property
    def url(self) -> str:
        """Where it is reached; empty for a command."""
        return self.origin + self.path


class McpTool(OrganizationScoped):
    """One tool as its server described it when it was last asked; all of it is the server's word.

    `digest` is the SHA-256 of the definition. A REFUSED one is never offered, `reason` says why; one that
    is GONE is not among what the server lists any more.
    """

    class State(models.TextChoices):
        LISTED = "listed", _("Offered by the server")
        REFUSED = "refused", _("Refused")
        GONE = "gone", _("Gone")

    server = TenantForeignKey(
        McpServer, models.CASCADE, related_name="tools", verbose_name=_("server of tools")
    )
    name = models.CharField(_("name"), max_length=128)
    description = models.TextField(_("description"), max_length=4000, blank=True)
    schema = models.JSONField(_("arguments"), default=dict)
    annotations = models.JSONField(_("hints"), default=dict)
    digest = models.CharField(max_length=64)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.LISTED)
    reason = models.CharField(_("reason"), max_length=40, blank=True)
    changed_at = models.DateTimeField(_("changed"), null=True)

    class Meta(OrganizationScoped.Meta):
        verbose_name = _("tool")
        verbose_name_plural = _("tools")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "server", "name"], name="mcp_tool_once")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def read_only(self) -> bool:
        """The server says that it changes nothing."""
        return self.annotations.get("readOnlyHint") is True and not self.destructive

    @property
    def destructive(self) -> bool:
        """The server says that what it does may not be undone."""
        return self.annotations.get("destructiveHint") is True


class ToolRule(OrganizationScoped):
    """Whether a companion may use a tool, and whether the person is asked before each use.

    Good for the definition it was made for: `digest` is the tool's at that time. Where the server has changed
    the tool since, it is not offered until somebody has looked and allowed it again.
    """

    companion = TenantForeignKey(
        Companion, models.CASCADE, related_name="tool_rules", verbose_name=_("companion")
    )
    tool = TenantForeignKey(McpTool, models.CASCADE, related_name="rules", verbose_name=_("tool"))
    allow = models.BooleanField(_("allowed"), default=False)
    confirm = models.BooleanField(_("the person is asked first"), default=True)
    digest = models.CharField(max_length=64)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta(OrganizationScoped.Meta):
        verbose_name = _("tool of a companion")
        verbose_name_plural = _("tools of companions")
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "companion", "tool"], name="tool_rule_once")
        ]
        indexes = [models.Index(fields=["organization_id", "tool"], name="tool_rule_of_tool")]

    def __str__(self) -> str:
        return f"{self.companion} → {self.tool}"


class ToolUse(OrganizationScoped):
    """One call of a tool, also one that was refused: who, for which answer, how it ended.

    Never what was said. `name` is kept beside the reference: a use outlives its tool. Bytes are of arguments
    and of the result.
    """

    class Outcome(models.TextChoices):
        DONE = "done", _("Done")
        FAILED = "failed", _("The tool reported an error")
        BROKEN = "broken", _("The server did not answer well")
        REFUSED = "refused", _("Refused")

    member_id = models.UUIDField(_("member"))
    companion = TenantForeignKey(
        Companion, models.SET_NULL, null=True, related_name="tool_uses", verbose_name=_("companion")
    )
    tool = TenantForeignKey(McpTool, models.SET_NULL, null=True, related_name="uses")
    name = models.CharField(_("tool"), max_length=64)
    run_id = models.UUIDField(_("answer"))
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome.choices)
    code = models.CharField(_("reason"), max_length=40, blank=True)
    milliseconds = models.PositiveIntegerField(_("milliseconds"), default=0)
    bytes_sent = models.PositiveIntegerField(_("bytes sent"), default=0)
    bytes_received = models.PositiveIntegerField(_("bytes received"), default=0)

    class Meta(OrganizationScoped.Meta):
        verbose_name = _("use of a tool")
        verbose_name_plural = _("uses of tools")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["organization_id", "-created_at", "-id"], name="tool_use_recent"),
            models.Index(
                fields=["organization_id", "companion", "-created_at"], name="tool_use_of_companion"
            ),
            models.Index(fields=["organization_id", "tool", "-created_at"], name="tool_use_of_tool"),
            models.Index(fields=["organization_id", "run_id"], name="tool_use_of_run"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.get_outcome_display()})"
