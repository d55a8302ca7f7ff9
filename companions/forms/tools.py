"""The form of a server of tools. A secret that was typed or kept is never shown again."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from byoc.tools import command_names
from companions.forms.refusing import Refusing
from companions.models import McpServer
from companions.services.tool_secrets import TOKEN, names_kept
from companions.services.tool_servers import ServerEntry

#: Nobody's browser should remember a secret, nor put the reader's own there.
_UNREMEMBERED = {"autocomplete": "new-password", "spellcheck": "false"}
_PLAIN = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
_KEPT = _("Kept. Leave it empty to keep it; another address needs it again.")


def _secret(label: Any, help_text: Any = "") -> forms.CharField:
    widget = forms.PasswordInput(attrs=_UNREMEMBERED)
    return forms.CharField(label=label, max_length=4_000, required=False, widget=widget, help_text=help_text)


class ToolServerForm(Refusing):
    """`server` is the one to change, None for a new one; `may` says whose a new one can be."""

    name = forms.CharField(label=_("Name"), max_length=80)
    url = forms.CharField(
        label=_("Address"), max_length=680, required=False, widget=forms.URLInput(attrs=_PLAIN),
        help_text=_("Of the server's MCP endpoint (streamable HTTP): https://tools.example.com/mcp"),
    )  # fmt: skip
    command = forms.ChoiceField(
        label=_("Or a program of this installation"), required=False,
        help_text=_("Whoever runs this installation offers these."),
    )  # fmt: skip
    token = _secret(_("Token"), _("If the server asks for one; sent as “Authorization: Bearer …”."))
    header = forms.CharField(
        label=_("Further header"), max_length=64, required=False, widget=forms.TextInput(attrs=_PLAIN),
        help_text=_("If the server asks for one by another name: X-Api-Key."),
    )  # fmt: skip
    value = _secret(_("Value of that header"))
    own = forms.ChoiceField(
        label=_("Whose it is"), widget=forms.RadioSelect,
        choices=[("no", _("The organization's")), ("yes", _("Mine: for my own conversations only"))],
    )  # fmt: skip

    def __init__(
        self, posted: Any = None, *, server: McpServer | None = None, may: tuple[str, ...] = ()
    ) -> None:
        super().__init__(posted, initial=_told(server))
        self.server, self._whose = server, may
        names = [] if server is not None and server.member_id is not None else command_names()
        if names and "no" in (may or ("no",)):
            self.fields["command"].choices = [("", "–"), *((one, one) for one in names)]  # type: ignore[attr-defined]
        else:
            del self.fields["command"]
        if server is not None or len(may) < 2:
            del self.fields["own"]
        if server is not None and TOKEN in names_kept(server):
            self.fields["token"].help_text = _KEPT

    @property
    def lost_a_secret(self) -> bool:
        """Something that was typed is not shown again and has to be once more."""
        return self.is_bound and bool(self.data.get("token") or self.data.get("value"))

    def entry(self) -> ServerEntry:
        told = self.cleaned_data
        own = told.get("own", self._whose[0]) == "yes"
        return ServerEntry(
            told["name"], told["url"], told.get("command", ""), told["token"], self._headers(), own
        )

    def changes(self) -> dict[str, Any]:
        """What a person changed; a secret left empty stays."""
        told = self.cleaned_data
        reached = {"url": told["url"], "command": told.get("command", "")}
        token = {"token": told["token"]} if told["token"] else {}
        return {"name": told["name"], **reached, **token, "headers": self._headers()}

    def _headers(self) -> dict[str, str]:
        told = self.cleaned_data
        return {told["header"]: told["value"]} if told["header"] else {}


def _told(server: McpServer | None) -> dict[str, Any]:
    if server is None:
        return {"seen": 0, "own": "no"}
    return {"seen": server.version, "name": server.name, "url": server.url, "command": server.command}
