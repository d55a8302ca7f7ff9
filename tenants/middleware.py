"""Every request inside exactly one organization, or clearly in none."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from humana.failures import answer_failure
from humana.kernel.actor import acting_as, current_actor
from humana.kernel.errors import HumanaError, NotAllowed, Unauthenticated
from tenants.context import use_tenant
from tenants.customs import customs
from tenants.doors import HEADER, Visitor, bearer, by_key, by_session, slug_in
from tenants.places import go_where
from tenants.queries import current_slug
from tenants.sessions import session_over, too_old
from tenants.two_step import SecondStepNeeded

Answer = Callable[[HttpRequest], HttpResponse]


class OrganizationMiddleware:
    """Sets `request.visitor` and holds the context for as long as the view runs.

    Pages without a session go to sign-in. Refusals are answered here: what a middleware raises is
    a 500 to Django before any other middleware sees it. Routes of the API that need no
    organization say so in `FREE_ROUTES`.
    """

    FREE_ROUTES = ("/api/v1/schema/", "/api/v1/docs/", "/api/v1/me/", "/api/v1/me")

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.visitor = None  # type: ignore[attr-defined]
        try:
            return self._admitted(request)
        except HumanaError as error:
            return answer_failure(request, error)

    def process_view(
        self, request: HttpRequest, view: object, args: object, named: dict[str, object]
    ) -> HttpResponse | None:
        """A view works where the companion or chat of its address is stored."""
        try:
            if request.visitor is not None:  # type: ignore[attr-defined]
                go_where(named)
        except HumanaError as error:
            return answer_failure(request, error)
        return None

    def _admitted(self, request: HttpRequest) -> HttpResponse:
        slug = slug_in(request.path_info)
        if slug is not None:
            return self._page(request, slug)
        if request.path_info.startswith("/api/v1/"):
            return self._api(request)
        return self.get_response(request)

    def _page(self, request: HttpRequest, slug: str) -> HttpResponse:
        if not request.user.is_authenticated:
            return _to_sign_in(request, slug)
        try:
            visitor = by_session(user=request.user, slug=slug, seen_as=current_actor())
            if too_old(request.session, visitor.member):
                logout(request)
                return _to_sign_in(request, slug)
        except SecondStepNeeded:
            if not _reads(request):
                raise
            return redirect(f"{reverse('mfa_index')}?needed=1")
        except NotAllowed:
            moved = current_slug(slug)
            if moved is None or request.method not in ("GET", "HEAD"):
                raise
            by_session(user=request.user, slug=moved, seen_as=current_actor())
            return HttpResponsePermanentRedirect(
                request.get_full_path().replace(f"/o/{slug}/", f"/o/{moved}/", 1)
            )
        return self._inside(request, visitor)

    def _api(self, request: HttpRequest) -> HttpResponse:
        token = bearer(request.headers.get("Authorization", ""))
        if token is not None:
            request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
            return self._inside(request, by_key(token=token, seen_as=current_actor()))
        slug = request.headers.get(HEADER, "")
        if slug and request.user.is_authenticated:
            visitor = by_session(user=request.user, slug=slug, seen_as=current_actor())
            if too_old(request.session, visitor.member):
                logout(request)
                raise session_over()
            return self._inside(request, visitor)
        if request.path_info in self.FREE_ROUTES:
            return self.get_response(request)
        raise _who_and_where(signed_in=request.user.is_authenticated)

    def _inside(self, request: HttpRequest, visitor: Visitor) -> HttpResponse:
        request.visitor = visitor  # type: ignore[attr-defined]
        with (
            use_tenant(visitor.context),
            acting_as(visitor.actor),
            customs(request, visitor.member) as language,
        ):
            response = self.get_response(request)
            if hasattr(response, "render") and not getattr(response, "is_rendered", True):
                response.render()  # templates query: they must render while the context holds
            if language:
                response.headers.setdefault("Content-Language", language)
            return response


def _to_sign_in(request: HttpRequest, slug: str) -> HttpResponse:
    """A script is told so: it would follow a redirect and take the sign-in page for its answer."""
    if request.headers.get("HX-Request"):
        raise Unauthenticated(
            _("You have been signed out. What you wrote is still here: sign in, then send it again.")
        )
    readable = request.method in ("GET", "HEAD")
    return redirect_to_login(request.get_full_path() if readable else f"/o/{slug}/")


def _reads(request: HttpRequest) -> bool:
    """A person who opens a page; a script, and what was sent, is told instead, so that nothing is lost."""
    return request.method in ("GET", "HEAD") and not request.headers.get("HX-Request")


def _who_and_where(*, signed_in: bool) -> Unauthenticated:
    if signed_in:
        message = _("Name the organization in the header %(header)s.") % {"header": HEADER}
        return Unauthenticated(message, code="organization_required")
    return Unauthenticated(_("Sign in, or send an API key: Authorization: Bearer hk_…"))
