"""Django's backend as it is. There is no row-level security: the database holds one organization."""

from __future__ import annotations

from django.db.backends.mysql.base import DatabaseWrapper

__all__ = ["DatabaseWrapper"]
