"""What a person prefers."""

from __future__ import annotations

from tenants.models import User


def prefer_language(*, user: User, language: str) -> None:
    user.language = language
    user.save(update_fields=["language", "updated_at"])


def prefer_theme(*, user: User, theme: str) -> None:
    user.theme = theme
    user.save(update_fields=["theme", "updated_at"])
