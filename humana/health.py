"""Alive: the process answers. Ready: what it cannot work without answers too."""

from __future__ import annotations

from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, JsonResponse

from tenants.models import Placement


def alive(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "alive"})


def ready(request: HttpRequest) -> JsonResponse:
    """503 names what is missing, never why: that is in the log."""
    missing = [name for name, works in (("database", _database), ("cache", _cache)) if not _holds(works)]
    return JsonResponse(
        {"status": "not ready" if missing else "ready", "missing": missing}, status=503 if missing else 200
    )


def _holds(works: object) -> bool:
    try:
        works()  # type: ignore[operator]
    except Exception:
        import logging

        logging.getLogger(__name__).warning("not ready", exc_info=True)
        return False
    return True


def _database() -> None:
    """Reachable and migrated as far as a first placement."""
    connection.ensure_connection()
    if not Placement.objects.exists():
        raise RuntimeError("no placement yet: run manage.py migrate")


def _cache() -> None:
    cache.get("ready")
