"""What Django's own checks say of the code as it stands."""

from __future__ import annotations

import base64
import os
import secrets
import subprocess
import sys

import pytest
from django.core.management import call_command

from humana.env import REPOSITORY


@pytest.mark.django_db
def test_no_migration_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        call_command("makemigrations", "--check", "--dry-run")
    except SystemExit:
        pytest.fail(f"models and migrations differ:\n{capsys.readouterr().out}", pytrace=False)


def test_production_settings_pass_every_check_without_a_warning(django_db_setup: None) -> None:
    """As a process of its own: settings are read once. Nothing of this machine gets in."""
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    chosen = {
        "PATH": os.environ["PATH"],
        "HUMANA_HOME": os.environ["HUMANA_HOME"],
        "DATABASE_URL": os.environ["DATABASE_URL"],
        "REDIS_URL": os.environ["REDIS_URL"],
        "DJANGO_SETTINGS_MODULE": "humana.settings.prod",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "HUMANA_SEAL_KEY": key,
        "HUMANA_HOSTS": "humana.example",
    }
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    told = subprocess.run(command, cwd=REPOSITORY, env=chosen, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert "no issues (0 silenced)" in told.stdout
