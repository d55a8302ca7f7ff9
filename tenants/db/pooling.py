"""What a pooled connection goes through as it is handed back. Imported by settings: no Django here."""

from __future__ import annotations

from typing import Any

import psycopg

ENTER = "SELECT set_config('search_path', %s, false), set_config('humana.organization', %s, false)"


def forget_tenant(connection: psycopg.Connection[Any]) -> None:
    """Leave no organization and no schema on the connection for whoever takes it next."""
    connection.execute(ENTER, ("public", ""))
    connection.commit()
