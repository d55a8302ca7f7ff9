"""Django's WSGI handler: pages, API, admin."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "humana.settings.dev")

application = get_wsgi_application()
