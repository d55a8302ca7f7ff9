"""How people sign in and up, on allauth."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from humana.kernel.actor import current_actor
from humana.kernel.text import email_key
from tenants.services.people import is_somebody_elses


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Sign-up can be closed by HUMANA_SIGNUP; addresses are compared by their key."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(settings.HUMANA_SIGNUP)

    def clean_email(self, email: str) -> str:
        return email_key(super().clean_email(email))

    def get_client_ip(self, request: HttpRequest) -> str:
        """As we tell it everywhere: a header is believed only from proxies that we trust."""
        return current_actor().address or str(super().get_client_ip(request))

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return reverse("home")

    def can_delete_email(self, email_address: EmailAddress) -> bool:
        """Nobody is left without the address that they sign in with."""
        return email_address.email != email_address.user.email and bool(
            super().can_delete_email(email_address)
        )

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Whoever signs in with an address keeps it, even if nobody has confirmed it yet."""
        if is_somebody_elses(email_address.email, email_address.user_id):
            return False
        return bool(super().confirm_email(request, email_address))

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        """People have an e-mail, not a user name."""
