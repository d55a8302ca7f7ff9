"""What is committed must work from anywhere: no file names a package registry."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest

from humana.env import REPOSITORY

# Spelled in parts, so that this file passes its own test.
REGISTRIES = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("registry", "yarnpkg", "com"),
        ("deb", "debian", "org"),
        ("crates", "io"),
    )
)
SETTINGS = re.compile(
    r"^\s*(--(extra-)?index-url|--find-links|-i\s+http|index-url\s*=|registry\s*=)", re.MULTILINE
)
LOCKS_WITH_ADDRESSES = {"uv.lock", "pylock.toml", "poetry.lock", "Pipfile.lock", "yarn.lock"}
LARGEST = 1_000_000
SKIPPED = {
    ".venv",
    ".humana",
    ".git",
    "node_modules",
    ".mypy_cache",
    ".ruff_cache",
    ".hypothesis",
    ".pytest_cache",
}


@lru_cache
def committed() -> tuple[Path, ...]:
    """What git knows or would add; without git, everything outside hidden and built folders."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        check=False,
    )
    if listed.returncode:
        return tuple(_walk(REPOSITORY))
    names = listed.stdout.decode().split("\0")
    return tuple(path for name in names if name and (path := REPOSITORY / name).is_file())


def _walk(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_dir() and path.name not in SKIPPED:
            yield from _walk(path)
        elif path.is_file():
            yield path


def text(path: Path) -> str:
    if path.stat().st_size > LARGEST:
        return ""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        return ""


def found(needle: re.Pattern[str], paths: tuple[Path, ...]) -> list[str]:
    return [str(path.relative_to(REPOSITORY)) for path in paths if needle.search(text(path))]


def test_no_file_names_a_registry() -> None:
    assert found(re.compile("|".join(map(re.escape, REGISTRIES))), committed()) == []


def test_no_requirements_or_client_settings_choose_a_registry() -> None:
    chosen = tuple(
        path
        for path in committed()
        if path.parent.name == "requirements" or path.name in {".npmrc", "pip.conf", "uv.toml"}
    )
    assert chosen
    assert found(SETTINGS, chosen) == []


def test_no_lock_file_that_carries_addresses() -> None:
    assert LOCKS_WITH_ADDRESSES & {path.name for path in committed()} == set()
    npm = tuple(path for path in committed() if path.name == "package-lock.json")
    assert npm
    assert found(re.compile('"resolved"'), npm) == []


def test_every_requirement_is_pinned_with_hashes() -> None:
    for path in (REPOSITORY / "requirements").glob("*.txt"):
        for requirement in re.split(r"\n(?=\S)", path.read_text()):
            if not requirement.startswith("#") and requirement.strip():
                assert re.match(r"\S+==\S+ .*?--hash=sha256:", requirement, re.DOTALL), path.name


@pytest.mark.parametrize("registry", REGISTRIES)
def test_the_check_itself_finds_what_it_looks_for(registry: str, tmp_path: Path) -> None:
    planted = tmp_path / "pip.conf"
    planted.write_text(f"index-url = https://{registry}/simple\n")
    assert SETTINGS.search(text(planted))
    assert registry in text(planted)
