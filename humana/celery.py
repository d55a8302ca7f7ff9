"""The Celery application: JSON only, tasks found in every app's `tasks.py`."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "humana.settings.dev")


@setup_logging.connect
def _as_everywhere(**kwargs: Any) -> None:
    """Whoever listens here keeps Celery from replacing LOGGING: a worker's lines are stamped too."""


app = Celery("humana")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
