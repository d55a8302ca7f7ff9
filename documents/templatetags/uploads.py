"""What pages say of files that are sent from them."""

from __future__ import annotations

from django import template

from byoc.config_keys import MAX_UPLOAD_BYTES
from tenants.config.resolver import resolve_for
from tenants.context import current_tenant

register = template.Library()


@register.simple_tag
def largest_upload() -> int:
    """In bytes, as the organization has it now."""
    return int(resolve_for(current_tenant().organization_id, MAX_UPLOAD_BYTES))
