"""Cache keys that know the tenant.

Injective over any strings, and different in every organization; what is asked for outside a
context (sessions, keys, sign-in limits) lives in a space of its own.
"""

from __future__ import annotations

from hashlib import sha256

from humana.kernel.crypto import associated
from tenants.context import peek_tenant


def tenant_key(key: str, prefix: str, version: int) -> str:
    """Django's KEY_FUNCTION. Keeps the start of the key readable and makes the rest a digest."""
    tenant = peek_tenant()
    space = tenant.organization_id.hex if tenant else "platform"
    digest = sha256(associated(prefix, str(version), space, str(key))).hexdigest()
    return f"{prefix}:{space}:{digest}"
