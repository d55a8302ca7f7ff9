"""Another Django backend that is installed, named by an operator in HUMANA_DATABASE_ENGINES.

It holds one organization, as MariaDB does. What it cannot do shows in the contract suite, which runs over it
as over every other; see docs/adding-an-adapter.md.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from byoc.adapters.database import fields
from byoc.adapters.database.base import RowsAdapter
from byoc.adapters.database.sqlite import file_of
from byoc.contracts import DatabaseState, Finding
from byoc.contracts.database import DatabaseAdapter
from humana.kernel.errors import Invalid


class Custom(RowsAdapter):
    """Without an address the engine keeps a file of this server."""

    asks = fields.CUSTOM

    def _settings(self, owner: bool) -> dict[str, Any]:
        there: dict[str, Any] = {"NAME": str(file_of(self.key.hex))}
        if self.spec.url:
            there = {**self._signed_in(owner), "HOST": self._address()}
            there["NAME"] = self.spec.options.get("database", "")
        return {"ENGINE": self._engine(), **there, "OPTIONS": self._driver()}

    def _engine(self) -> str:
        """Only what an operator allowed is ever imported."""
        name = str(self.spec.options.get("engine", ""))
        if name not in settings.HUMANA_DATABASE_ENGINES:
            message = _("The engine is not one of those that this installation allows: %(allowed)s.")
            allowed = ", ".join(settings.HUMANA_DATABASE_ENGINES) or "–"
            raise Invalid(message % {"allowed": allowed}, field="engine", code="engine_not_allowed")
        try:
            vendor = import_module(f"{name}.base").DatabaseWrapper.vendor
        except (ImportError, AttributeError):
            message = _("The engine is no Django backend that is installed here.")
            raise Invalid(message, field="engine", code="engine_not_installed") from None
        if vendor == "postgresql":  # it would not enter organizations as ours does
            message = _("For PostgreSQL choose the type PostgreSQL.")
            raise Invalid(message, field="engine", code="engine_not_allowed")
        return name

    def _address(self) -> str:
        if self.origin.port == 0:
            raise Invalid(_("Name the port in the address."), field="url")
        return self._dialled()

    def _driver(self) -> dict[str, Any]:
        try:
            told = json.loads(str(self.spec.options.get("driver") or "{}"))
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise Invalid(_("The options of the driver must be an object in JSON."), field="driver")
        return told

    def _found(self, primary: DatabaseAdapter | None) -> Iterator[Finding]:
        self._engine()
        self._driver()
        yield from super()._found(primary)

    def _state(self, connection: Any) -> DatabaseState:
        """What every Django backend knows of itself."""
        version = ".".join(str(part) for part in connection.get_database_version())
        connection.introspection.table_names()  # a question that each of them has words for
        file = connection.settings_dict["NAME"]
        return DatabaseState(version=version, writable=bool(self.spec.url) or os.access(file, os.W_OK))
