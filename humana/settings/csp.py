"""Content policies: one for people's pages, one for the admin, no wider than each needs."""

from __future__ import annotations

PAGE_POLICY: dict[str, list[str]] = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
    "base-uri": ["'none'"],
}

# Unfold's Alpine evaluates expressions and its components set style attributes.
ADMIN_POLICY: dict[str, list[str]] = {
    **PAGE_POLICY,
    "script-src": ["'self'", "'unsafe-eval'"],
    "style-src": ["'self'", "'unsafe-inline'"],
}
