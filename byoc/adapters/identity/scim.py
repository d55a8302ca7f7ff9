"""SCIM 2: the directory that a customer's people and groups are read from."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from byoc.adapters.identity import fields
from byoc.adapters.identity.base import Looked, _, refused
from byoc.contracts import Finding

_CONFIG = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"


class SCIM(Looked):
    """What the service can do, and that it knows users."""

    asks = fields.SCIM

    async def _look(self) -> AsyncIterator[Finding]:
        config = await self._asked("ServiceProviderConfig")
        if _CONFIG not in (config.get("schemas") or ()):
            sentence = _("This is no SCIM 2 service. Enter its base address, which often ends in /scim/v2.")
            raise refused("malformed", sentence, "url")
        types = (await self._asked("ResourceTypes")).get("Resources")
        names = (
            {one.get("name") for one in types if isinstance(one, dict)} if isinstance(types, list) else set()
        )
        if "User" not in names:
            raise refused("no_users", _("The service knows no users. Let it offer the resource type User."))
        if "Group" not in names:
            yield Finding("warn", "no_groups", _("The service knows no groups: roles cannot follow them."))
        await self._asked("Users?count=1")  # the token may read people, not the description alone
        yield Finding("fact", "resources", ", ".join(sorted(str(one) for one in names)))

    async def _asked(self, path: str) -> dict[str, Any]:
        token = self.spec.credentials.get("token", "")
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/scim+json"}
        return await self.fetched_json(f"{self.spec.url.rstrip('/')}/{path}", headers)
