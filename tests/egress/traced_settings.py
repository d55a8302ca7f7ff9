"""As all tests have them, but mail goes out as in production, guards log each dial, and beat hurries."""

from __future__ import annotations

from humana.settings import mail
from humana.settings.test import *  # noqa: F403

#: What beat does several times a minute it does every second.
CELERY_BEAT_SCHEDULE = {
    name: {**job, "schedule": 1.0 if job["schedule"] < 60 else job["schedule"]}
    for name, job in CELERY_BEAT_SCHEDULE.items()  # noqa: F405
}
globals().update(mail.by_url())
LOGGING["loggers"]["humana.egress"] = {"level": "DEBUG"}  # type: ignore[index]  # noqa: F405
