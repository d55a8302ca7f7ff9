"""The Celery application: JSON only, tasks found in every app's `tasks.py`."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "humana.settings.dev")

app = Celery("humana")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
