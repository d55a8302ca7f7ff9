"""Who calls the API: the middleware has already found the member; DRF only needs to be told."""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication, CSRFCheck
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from humana.kernel.errors import NotAllowed, Unauthenticated
from tenants.doors import Visitor
from tenants.models import User
from tenants.permissions import require


class MemberAuthentication(BaseAuthentication):
    """`request.user` is the person, `request.auth` the Visitor.

    DRF takes its views out of Django's CSRF check, so a session is checked here.
    """

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        visitor: Visitor | None = getattr(request._request, "visitor", None)
        if visitor is None:
            return None
        if visitor.key is None:
            refuse_forged(request._request)
        return visitor.member.user, visitor

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class PersonAuthentication(MemberAuthentication):
    """As above; a signed-in person without an organization is let in too, with `request.auth` None."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        found = super().authenticate(request)
        person = request._request.user
        if found is not None or not isinstance(person, User):
            return found
        refuse_forged(request._request)
        return person, None


class IsMember(BasePermission):
    """Default deny: a view names what it needs in `permission`, or per method in `permissions`.

    Read at the time of use. The scopes of a key narrow what its member may do, never widen it.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        visitor = cast("Visitor | None", request.auth)
        if visitor is None:
            raise Unauthenticated(_("Sign in, or send an API key: Authorization: Bearer hk_…"))
        method = "GET" if request.method == "HEAD" else request.method
        needed = view.permissions.get(method, view.permission)
        if needed is None:
            if method in view.allowed_methods:
                raise NotAllowed(_("You may not do this."))
            return True  # a method the view does not have is 405, whoever asks
        require(visitor.member, needed)
        if not in_scope(visitor, needed):
            raise NotAllowed(_("This API key was not made for this."), code="missing_scope")
        return True


class IsPerson(BasePermission):
    """Anybody signed in; a key too, unless its scopes make it a key for something else."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not isinstance(request.user, User):
            raise Unauthenticated(_("Sign in, or send an API key: Authorization: Bearer hk_…"))
        key = request.auth.key if request.auth else None
        if key is not None and key.scopes and request.method not in ("GET", "HEAD"):
            raise NotAllowed(_("This API key was not made for this."), code="missing_scope")
        return True


def in_scope(visitor: Visitor, permission: str) -> bool:
    return visitor.key is None or not visitor.key.scopes or permission in visitor.key.scopes


def refuse_forged(request: HttpRequest) -> None:
    """Django's own CSRF check; a browser's session must prove that our page sent the request."""
    check = CSRFCheck(lambda _request: HttpResponse())
    check.process_request(request)
    if check.process_view(request, lambda _request: HttpResponse(), (), {}):
        message = _("The security token of the page is missing or too old. Reload the page and try again.")
        raise NotAllowed(message, code="csrf_failed")
