"""What happens to a change on its way to the customers, and in which order."""

from __future__ import annotations

import re
import subprocess
from typing import Any

import pytest
import yaml

from humana.env import REPOSITORY

ORDER = (
    "test",
    "adapters",
    "endpoints",
    "image",
    "deploy",
    "config-sync",
    "endpoints-validate",
    "endpoints-notify",
)


@pytest.fixture(scope="module")
def jobs() -> dict[str, Any]:
    whole = yaml.safe_load((REPOSITORY / ".github/workflows/ci.yml").read_text())
    return dict(whole["jobs"])


def test_each_step_needs_the_one_before(jobs: dict[str, Any]) -> None:
    assert tuple(jobs) == ORDER
    assert [job.get("needs") for job in jobs.values()] == [None, *ORDER[:-1]]


def test_only_main_reaches_the_customers(jobs: dict[str, Any]) -> None:
    """What needs a job that was left out is left out too."""
    assert "refs/heads/main" in jobs["deploy"]["if"]
    assert not any("if" in jobs[name] for name in ORDER[5:])


def test_nothing_runs_for_ever(jobs: dict[str, Any]) -> None:
    assert all(job["timeout-minutes"] <= 30 for job in jobs.values())


def test_every_part_of_the_script_is_a_step(jobs: dict[str, Any]) -> None:
    """What nobody runs is found broken by whoever needs it."""
    script = (REPOSITORY / ".ci/run").read_text()
    parts = set(re.findall(r"^([a-z]+)\) \w+ ;;$", script, re.MULTILINE))
    ran = {step.get("run", "") for job in jobs.values() for step in job["steps"]}
    assert "engines" in parts
    assert {f".ci/run {part}" for part in parts} <= ran


@pytest.mark.parametrize("script", [".ci/run", ".ci/deploy"])
def test_the_scripts_are_bash(script: str) -> None:
    subprocess.run(["bash", "-n", REPOSITORY / script], check=True)


def test_without_a_target_a_deployment_says_what_is_missing() -> None:
    done = subprocess.run(
        [REPOSITORY / ".ci/deploy", "humana:1"], capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"}
    )
    assert (done.returncode, done.stderr) == (1, "There is nowhere to deploy to: set DEPLOY_COMMAND.\n")


def test_what_deploys_gets_the_image() -> None:
    done = subprocess.run(
        [REPOSITORY / ".ci/deploy", "humana:1"],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "DEPLOY_COMMAND": 'echo "up with $IMAGE"'},
    )
    assert (done.returncode, done.stdout) == (0, "up with humana:1\n")
