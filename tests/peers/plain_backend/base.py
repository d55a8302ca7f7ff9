from __future__ import annotations

from typing import Any

from django.db.backends.sqlite3 import base


class DatabaseWrapper(base.DatabaseWrapper):
    display_name = "Plain"

    def get_connection_params(self) -> dict[str, Any]:
        return {**super().get_connection_params(), "timeout": 10}
