"""Cache keys that know the tenant.

Injective over any strings, and different in every organization; what is asked for outside a
context (sign-in limits) lives in a space of its own, and so does what belongs to no organization
even when asked for inside one (sessions).
"""

from __future__ import annotations

from hashlib import sha256

from humana.kernel.crypto import associated
from tenants.context import peek_tenant


def tenant_key(key: str, prefix: str, version: int) -> str:
    """KEY_FUNCTION of the cache `default`."""
    tenant = peek_tenant()
    return _key(key, prefix, version, tenant.organization_id.hex if tenant else "platform")


def platform_key(key: str, prefix: str, version: int) -> str:
    """KEY_FUNCTION of the cache `platform`."""
    return _key(key, prefix, version, "platform")


def _key(key: str, prefix: str, version: int, space: str) -> str:
    """Readable at the start, a digest for the rest."""
    digest = sha256(associated(prefix, str(version), space, str(key))).hexdigest()
    return f"{prefix}:{space}:{digest}"
