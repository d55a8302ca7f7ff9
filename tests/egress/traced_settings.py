"""As all tests have them, but mail goes out as in production, and each dial of a guard is logged."""

from __future__ import annotations

from humana.settings import mail
from humana.settings.test import *  # noqa: F403

globals().update(mail.by_url())
LOGGING["loggers"]["humana.egress"] = {"level": "DEBUG"}  # type: ignore[index]  # noqa: F405
