from __future__ import annotations

from typing import Any

from allauth.account.forms import (
    ChangePasswordForm,
    LoginForm,
    ResetPasswordForm,
    ResetPasswordKeyForm,
    SignupForm,
)
from django import forms
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from tenants.models import User
from tenants.services.organizations import found_organization


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


class SignUpForm(Plain, SignupForm):  # type: ignore[misc]
    """A person and their organization, in one step."""

    name = forms.CharField(label=_("Your name"), max_length=120)
    organization = forms.CharField(label=_("Your organization"), max_length=120)

    field_order = ["name", "organization", "email", "password1"]

    def save(self, request: HttpRequest) -> User:
        user: User = super().save(request)
        user.name = self.cleaned_data["name"].strip()
        user.language = get_language() or ""
        user.save(update_fields=["name", "language"])
        found_organization(name=self.cleaned_data["organization"], owner=user)
        return user
