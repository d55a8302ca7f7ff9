"""Forms of the operators' console about endpoints."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from byoc.databases import PORTS
from byoc.services.databases import Address
from humana.kernel.egress import EgressRefused, Origin

#: Nobody's browser should remember a customer's password, nor put the operator's own there.
_UNREMEMBERED = {"autocomplete": "new-password"}


def _text(**attributes: str) -> UnfoldAdminTextInputWidget:
    return UnfoldAdminTextInputWidget(
        attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false", **attributes}
    )


class BringForm(forms.Form):
    """Where a customer's database is, and how to sign in. What is secret is never shown again."""

    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text=_("What people call it, here and in the trail."),
    )
    engine = forms.ChoiceField(
        label=_("Engine"),
        choices=[("postgresql", "PostgreSQL"), ("mysql", "MariaDB")],
        widget=UnfoldAdminSelectWidget,
        help_text=_(
            "MariaDB has no row-level security: the application's own filter remains, and only the chain"
            " shows a change of the trail."
        ),
    )
    host = forms.CharField(
        label=_("Server"),
        max_length=253,
        widget=_text(),
        help_text=_("Its name or address alone, as db.example.com. Humana may then dial it on this port."),
    )
    port = forms.IntegerField(
        label=_("Port"),
        min_value=1,
        max_value=65_535,
        required=False,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("Empty is the usual one: 5432 for PostgreSQL, 3306 for MariaDB."),
    )
    database = forms.CharField(label=_("Database"), max_length=63, widget=_text())
    sslmode = forms.ChoiceField(
        label=_("Encryption"),
        choices=[
            ("verify-full", _("Encrypted, and the server proves its name")),
            ("require", _("Encrypted, whoever answers (PostgreSQL only)")),
            ("disable", _("Not encrypted")),
        ],
        widget=UnfoldAdminSelectWidget,
        help_text=_(
            "The first is right nearly always. The second cannot tell the server from somebody in between."
            " Without encryption everything can be read on the way: only for a network nobody else is on."
        ),
    )
    user = forms.CharField(label=_("User"), max_length=63, widget=_text())
    password = forms.CharField(
        label=_("Password"), strip=False, widget=UnfoldAdminPasswordWidget(attrs=_UNREMEMBERED)
    )
    owner_user = forms.CharField(
        label=_("User that owns the tables"),
        max_length=63,
        required=False,
        widget=_text(),
        help_text=_("Where it is another one: then the user above cannot change policies or the trail."),
    )
    owner_password = forms.CharField(
        label=_("Password of that user"),
        strip=False,
        required=False,
        widget=UnfoldAdminPasswordWidget(attrs=_UNREMEMBERED),
    )
    pooler = forms.BooleanField(
        label=_("Behind a pooler"),
        required=False,
        widget=UnfoldBooleanWidget,
        help_text=_("PgBouncer in transaction mode, or the like: each transaction may have another session."),
    )

    def clean_host(self) -> str:
        """Only what every parser reads as the same host."""
        host: str = self.cleaned_data["host"]
        bracketed = f"[{host}]" if ":" in host and not host.startswith("[") else host
        try:
            origin = Origin.of(f"postgresql://{bracketed}", ports=PORTS)
        except EgressRefused:
            origin = None
        if origin is None or set(host) & set("/?#") or origin.host != host.strip("[]").rstrip(".").lower():
            raise forms.ValidationError(_("Write the name or the address of the server and nothing else."))
        return host

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or {}
        if bool(told.get("owner_user")) != bool(told.get("owner_password")):
            missing = "owner_password" if told.get("owner_user") else "owner_user"
            self.add_error(missing, _("Give both, or neither."))
        if told.get("engine") == "mysql" and told.get("sslmode") == "require":
            self.add_error("sslmode", _("With MariaDB, an encrypted connection always proves the name."))
        return told

    @property
    def address(self) -> Address:
        """Of a valid form."""
        told = {name: value for name, value in self.cleaned_data.items() if name != "name"}
        return Address(**(told | {"port": told["port"] or PORTS[told["engine"]]}))
