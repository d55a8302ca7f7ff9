"""Databases that an organization brings, on its placement's page: joined, listed, forgotten."""

from __future__ import annotations

import uuid

from django.http import HttpRequest
from django.utils.translation import gettext as _

from byoc.console_forms import BringForm
from byoc.services.databases import bring_database, forget_database
from humana.kernel.errors import HumanaError, NotFound
from humana.kernel.text import clean_text
from tenants.models import Organization, User


def bring(request: HttpRequest, organization: Organization, form: BringForm) -> bool:
    """Join what the form says; False, and the form says why, where that cannot be.

    Looks at the customer's server, which takes seconds where it does not answer: nothing to do inside
    a transaction.
    """
    if not form.is_valid():
        return False
    try:
        name = clean_text(form.cleaned_data["name"], field="name", limit=80)
        bring_database(
            organization=organization, name=name, address=form.address, operator=_operator(request)
        )
    except HumanaError as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal.message))
        return False
    return True


def _operator(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


def forget(request: HttpRequest, organization: Organization) -> str:
    try:
        endpoint_id = uuid.UUID(request.POST.get("endpoint", ""))
    except ValueError:
        raise NotFound(_("There is nothing here.")) from None
    name = forget_database(organization=organization, endpoint_id=endpoint_id)
    return _("“%(name)s” is removed. Nothing was changed there.") % {"name": name}
