"""Tests: real PostgreSQL and Valkey, quick password hashes, mail kept in memory."""

from __future__ import annotations

from humana import env
from humana.settings.base import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STATIC_ROOT = None  # served from where they lie
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
HUMANA_DESIGN_PAGE = True
HUMANA_PLAN_LIMITS = dict.fromkeys(("free", "pro", "business", "enterprise"), (1_000_000, 100_000))
HUMANA_PLAN_ROOM = dict.fromkeys(HUMANA_PLAN_LIMITS, (100_000, 1024**5))
HUMANA_TELEMETRY = env.flag("HUMANA_TELEMETRY", False)  # who wants it asks for it
HUMANA_OPERATORS_TWO_STEP = False  # tests of it turn it on
