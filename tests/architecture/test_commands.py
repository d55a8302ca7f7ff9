"""What Django's own checks say of the code as it stands."""

from __future__ import annotations

import base64
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import AppConfig, apps
from django.core.management import call_command, get_commands

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


#: Commands of ours, and how each finds the organizations whose rows it touches.
COMMANDS = {
    "audit_verify": "the organization named by --organization, or every one; each entered in turn",
    "purge_trail": "the organization named by --organization, as the owner of the tables inside it",
    "index_chats": "the organization named by --organization, or every one; each entered in turn",
    "seed_demo": "founds organizations and enters each of them",
    "structure": "the organization named, entered",
    "config": "every organization in turn, its rows of the control plane",
    "create_api_key": "the organization named by --organization; rows of the control plane",
    "reset_second_step": "those in which the person named by --email works: a line in the trail of each",
    "move_organization": "the organization named first; the job enters it",
    "remove_organization": "the organization named first; the job enters it",
    "migrate": "none: the control plane, then `migrate_placements`",
    "migrate_placements": "every placement; data is changed inside each of its organizations",
    "audit_placements": "every placement, in the catalogue only: no row is read",
    "open_pool": "none: a pool that nobody lives in yet",
    "check_report": "none: reads a file it is given",
    "database_bootstrap": "none: roles and grants of a server",
    "database_url": "none: prints an address",
    "local_llm": "none: runs the model",
    "endpoints": "the organization named by --organization, or each that has some; entered in turn",
}


def test_every_command_says_how_it_finds_the_organization() -> None:
    ours = {config.name for config in apps.get_app_configs() if is_ours(config)}
    found = {name for name, app in get_commands().items() if app in ours}
    assert found == set(COMMANDS)


def is_ours(config: AppConfig) -> bool:
    return Path(config.path).parent == REPOSITORY
