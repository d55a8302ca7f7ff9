"""What every row has: a UUIDv7 key made in Python and two timestamps."""

from __future__ import annotations

import uuid

import uuid_utils.compat
from django.db import models


def new_id() -> uuid.UUID:
    """A UUIDv7: sorts by time, and exists before the row does (sealing binds to it)."""
    return uuid_utils.compat.uuid7()


class BaseModel(models.Model):
    """Key and timestamps. Keys are never taken from a client."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    created_at = models.DateTimeField(auto_now_add=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True, editable=False)

    class Meta:
        abstract = True
