"""SQLite, for one organization in a file of its own below HUMANA_HOME."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.conf import settings

from byoc.adapters.database import fields
from byoc.adapters.database.base import RowsAdapter
from byoc.contracts import DatabaseState

_SIZE = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"


class SQLite(RowsAdapter):
    """There is no address and nobody to sign in as: the file is this server's."""

    asks = fields.SQLITE

    def _settings(self, owner: bool) -> dict[str, Any]:
        return {
            "ENGINE": "tenants.db.sqlite",
            "NAME": str(file_of(self.key.hex)),
            "OPTIONS": {
                "timeout": 10,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            },
        }

    def _state(self, connection: Any) -> DatabaseState:
        with connection.cursor() as cursor:
            cursor.execute(_SIZE)
            (size,) = cursor.fetchone()
        file = connection.settings_dict["NAME"]
        return DatabaseState(
            version=connection.Database.sqlite_version,
            writable=os.access(file, os.W_OK) and os.access(Path(file).parent, os.W_OK),
            size=int(size),
        )


def file_of(key: str) -> Path:
    folder: Path = settings.HUMANA_HOME / "databases"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / f"{key}.sqlite3"
