"""How people sign in and up, on allauth."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from humana.kernel.text import email_key


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Sign-up can be closed by HUMANA_SIGNUP; addresses are compared by their key."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(settings.HUMANA_SIGNUP)

    def clean_email(self, email: str) -> str:
        return email_key(super().clean_email(email))

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return reverse("home")

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        """People have an e-mail, not a user name."""
