from __future__ import annotations

from typing import Any

from allauth.account.forms import (
    AddEmailForm,
    ChangePasswordForm,
    LoginForm,
    ResetPasswordForm,
    ResetPasswordKeyForm,
    SignupForm,
)
from allauth.account.internal.flows.email_verification import send_verification_email_to_address
from allauth.account.models import EmailAddress
from django import forms
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from humana.kernel.errors import Invalid
from tenants.models import User
from tenants.services.organizations import email_taken, found_organization, organization_name
from tenants.services.people import begin_address, is_known


class Plain:
    """allauth's forms in our words: labels above the fields, no placeholder that repeats them."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            if name in ("login", "email"):
                field.label = _("E-mail")


class SignInForm(Plain, LoginForm):  # type: ignore[misc]
    """E-mail and password; the page links to a forgotten password itself."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = ""


class ForgottenForm(Plain, ResetPasswordForm):  # type: ignore[misc]
    """Where to send the link."""


class NewPasswordForm(Plain, ResetPasswordKeyForm):  # type: ignore[misc]
    """After the link was followed."""


class ChangeForm(Plain, ChangePasswordForm):  # type: ignore[misc]
    """The password of today and the one to come."""


class NewEmailForm(Plain, AddEmailForm):  # type: ignore[misc]
    """An address to come. The one of today stays until the link was followed, confirmed or not; whether
    somebody else has the new one is not told.
    """

    def save(self, request: HttpRequest) -> EmailAddress:
        row = begin_address(user=self.user, email=self.cleaned_data["email"])
        send_verification_email_to_address(request, row)
        return row


class SignUpForm(Plain, SignupForm):  # type: ignore[misc]
    """A person and their organization, in one step."""

    name = forms.CharField(label=_("Your name"), max_length=120)
    organization = forms.CharField(label=_("Your organization"), max_length=120)

    field_order = ["name", "organization", "email", "password1"]

    def clean_organization(self) -> str:
        try:
            return organization_name(self.cleaned_data["organization"])
        except Invalid as refusal:
            raise forms.ValidationError(str(refusal.message)) from None

    def try_save(self, request: HttpRequest) -> Any:
        """Whoever was quicker with the same e-mail has the account; the next attempt is told as usual."""
        try:
            return super().try_save(request)
        except IntegrityError:
            if not is_known(self.cleaned_data["email"]):
                raise
            raise email_taken() from None

    def save(self, request: HttpRequest) -> User:
        """The person and the organization, both or neither: who finds no room can sign up again."""
        with transaction.atomic():
            user: User = super().save(request)
            user.name = self.cleaned_data["name"].strip()
            user.language = get_language() or ""
            user.save(update_fields=["name", "language"])
            found_organization(name=self.cleaned_data["organization"], owner=user)
        return user
