"""A person's own machine: `make up`."""

from __future__ import annotations

from humana import env
from humana.settings import mail
from humana.settings.base import *  # noqa: F403

DEBUG = env.flag("HUMANA_DEBUG", False)
STATIC_ROOT = None  # served from where they lie
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
HUMANA_DESIGN_PAGE = True
HUMANA_OPERATORS_TWO_STEP = env.flag("HUMANA_OPERATORS_TWO_STEP", False)  # the demo's operator has no phone
globals().update(mail.by_url())
