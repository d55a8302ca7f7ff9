"""Endpoints are entered, validated, activated, changed, withdrawn: by operators, members, programs alike.

An organization's own are entered by members who may; `member` None is Humana itself and operators.
`organization` None is the platform's own endpoint: operators only.

    draft ── validate ──▶ ready ── activate ──▶ active ── withdraw ──▶ ready ── remove ──▶ gone
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from byoc import endpoints, storage
from byoc.checking import check
from byoc.contracts import Health
from byoc.contracts.fields import TypeSpec
from byoc.databases import followed_by, guard_of
from byoc.describing import DESCRIBING, Entry, describe
from byoc.entering import entered, missing_secrets, values_of
from byoc.models import Endpoint, Watch
from byoc.permissions import EDIT
from byoc.queries import use_of
from byoc.sealing import credentials_of, sealed_credentials
from byoc.services.platform_storage import files_follow
from byoc.services.storages import begin_copy, copying, holds_files
from byoc.types import type_of
from humana.kernel.crypto import CannotOpen
from humana.kernel.egress import Guard
from humana.kernel.errors import Conflict, EndpointError, Invalid, NotFound, StaleVersion
from humana.kernel.ports import embeddings_changed
from tenants.context import use_tenant, without_tenant
from tenants.models import Membership, Organization
from tenants.permissions import require
from tenants.services.events import control_event

#: Of these only one serves a role at a time: activating another puts the one before it out of use.
ONE_AT_A_TIME = frozenset({"storage", "monitoring"})
#: What says how to reach it; the rest may change without asking the service.
REACHING = frozenset({"origin", "path", "options", "credentials"})


def create_endpoint(
    *, organization: Organization | None, entry: Entry, member: Membership | None = None
) -> Endpoint:
    """Keep what was entered, not validated yet. Invalid names the field; Conflict for a name taken."""
    with _inside(organization, member):
        asked = _asked(entry.kind, entry.type, member)
        endpoint = Endpoint(organization=organization, kind=entry.kind, type=entry.type, state="draft")
        describe(endpoint, asked, {name: getattr(entry, name) for name in DESCRIBING})
        found = entered(asked, entry.values)
        endpoint.origin, endpoint.path, endpoint.options = found.origin, found.path, found.options
        endpoint.credentials = sealed_credentials(endpoint, found.credentials) if found.credentials else ""
        with transaction.atomic():
            _keep(endpoint, new=True)
            _tell("created", endpoint)
    return endpoint


def change_endpoint(
    *,
    organization: Organization | None,
    endpoint_id: uuid.UUID,
    changes: Mapping[str, Any],
    version: int | None = None,
    member: Membership | None = None,
) -> Endpoint:
    """Change some of it; `changes` are names of `Entry`, its `values` those that change.

    A secret that is not given again stays, unless scheme, host or port change: it was for the old address
    and goes. One that serves, or could, is asked first whether it still does with what is new; where it
    does not, EndpointError says why and nothing has changed.
    """
    with _inside(organization, member):
        endpoint = _held(organization, endpoint_id, version)
        asked = _asked(endpoint.kind, endpoint.type, member)
        was = _where(endpoint)
        touched = _apply(endpoint, asked, changes)
        if _where(endpoint) != was and _has_files(endpoint):
            message = _(
                "Files are kept there. Connect the other place as an endpoint of its own and activate it:"
                " they are brought over."
            )
            raise Conflict(message, code="files_are_there")
        if endpoint.state != "draft" and touched & REACHING:
            _must_serve(asked, endpoint)
        with transaction.atomic():
            current = _held(organization, endpoint_id, endpoint.version, lock=True)
            endpoint.version, endpoint.state = endpoint.version + 1, current.state
            _keep(endpoint)
            _tell("changed", endpoint, changed=sorted(touched))
    return endpoint


def validate_endpoint(
    *, organization: Organization | None, endpoint_id: uuid.UUID, member: Membership | None = None
) -> Health:
    """Ask the service itself. Well: a draft is ready. Never raises for a service that is not."""
    with _inside(organization, member):
        endpoint = _held(organization, endpoint_id)
        found = look_at(endpoint, _guard(endpoint))
        with transaction.atomic():
            current = _held(organization, endpoint_id, lock=True)
            if found.ok and current.version == endpoint.version and current.state == "draft":
                current.state = "ready"
                _keep(current)
            _tell("validated", endpoint, well=found.ok, code=found.code)
    return found


def activate_endpoint(
    *, organization: Organization | None, endpoint_id: uuid.UUID, member: Membership | None = None
) -> Endpoint:
    """From now on it serves, in every process within a second. Raises Conflict for one that is not ready, and
    for one outside the organization's zone."""
    with _inside(organization, member), transaction.atomic():
        endpoint = _held(organization, endpoint_id, lock=True)
        _may_serve(organization, endpoint)
        before = _before(endpoint)
        was_active = endpoint.state == "active"
        with _followed(endpoint):
            for one in before:
                one.state = "ready"
                _keep(one)
            endpoint.state = "active"
            _keep(endpoint)
        if organization is not None and _carries_files(endpoint) and not was_active:
            begin_copy(
                organization_id=organization.id, role=endpoint.role,
                source=before[0] if before else None, target=endpoint,
            )  # fmt: skip
        _tell("activated", endpoint, instead_of=[one.name for one in before])
    return endpoint


def withdraw_endpoint(
    *, organization: Organization | None, endpoint_id: uuid.UUID, member: Membership | None = None
) -> Endpoint:
    """It serves no more, in every process within a second; what it was entered with is kept."""
    with _inside(organization, member), transaction.atomic():
        endpoint = _held(organization, endpoint_id, lock=True)
        if endpoint.state != "active":
            raise Conflict(_("“%(name)s” is not in use.") % {"name": endpoint.name}, code="not_active")
        if holds_files(endpoint):
            message = _("“%(name)s” holds files that have not been brought back yet.")
            raise Conflict(message % {"name": endpoint.name}, code="holds_files")
        with _followed(endpoint):
            endpoint.state = "ready"
            _keep(endpoint)
        if organization is not None and _carries_files(endpoint):
            begin_copy(organization_id=organization.id, role=endpoint.role, source=endpoint, target=None)
        _tell("withdrawn", endpoint)
    return endpoint


def remove_endpoint(
    *, organization: Organization | None, endpoint_id: uuid.UUID, member: Membership | None = None
) -> str:
    """Forget it and how to sign in; its name. Nothing changes there. Conflict while it serves."""
    with _inside(organization, member), transaction.atomic():
        endpoint = _held(organization, endpoint_id, lock=True)
        used = _("It is in use: withdraw it first.") if endpoint.state == "active" else ""
        if endpoint.kind == "database":
            used = use_of(endpoint)
        if copying(endpoint):
            used = _("Files are still being brought from it or to it.")
        if holds_files(endpoint):
            used = _("Files are kept there that have not been brought back yet.")
        if used:
            message = _("“%(name)s” cannot be removed. %(why)s") % {"name": endpoint.name, "why": used}
            raise Conflict(message, code="endpoint_in_use")
        _tell("removed", endpoint)
        endpoint.delete()
    return endpoint.name


def look_at(endpoint: Endpoint, guard: Guard | None = None) -> Health:
    """How the service answers with what is kept. Takes seconds: outside of every transaction."""
    asked = type_of(endpoint.kind, endpoint.type)
    if asked is None:
        return Health(False, 0.0, "bad_request", _("There is no such type of endpoint any more."))
    try:
        missing = missing_secrets(asked, credentials_of(endpoint))
    except CannotOpen:
        return Health(
            False, 0.0, "unauthorized", _("Its credentials do not open any more: enter them again.")
        )
    if missing:
        message = _("Enter this first: %(label)s.") % {"label": _(missing[0].label)}
        return Health(False, 0.0, "unauthorized", message)
    primary = followed_by(endpoint) if endpoint.kind == "database" else None
    whose = guard or endpoints.guard_for(endpoint.organization_id)
    return check(endpoints.spec_of(endpoint), whose, primary)


def _guard(endpoint: Endpoint) -> Guard | None:
    """A database that is in service may be dialled, also where an operator brought it without a grant."""
    return guard_of(endpoint) if endpoint.kind == "database" and endpoint.state == "ready" else None


@contextmanager
def _inside(organization: Organization | None, member: Membership | None) -> Iterator[None]:
    """In the organization; `member` may do this there."""
    if organization is None:
        if member is not None:
            raise NotFound(_("There is nothing here."))
        with without_tenant(reason="an endpoint of the platform itself"):
            yield
        return
    with use_tenant(organization.context):
        if member is not None:
            require(member, EDIT.name)
        yield


def _asked(kind: str, type_: str, member: Membership | None) -> TypeSpec:
    asked = type_of(kind, type_)
    if asked is None or (asked.operators and member is not None):
        raise Invalid(_("There is no such type of endpoint."), field="type")
    return asked


def _apply(endpoint: Endpoint, asked: TypeSpec, changes: Mapping[str, Any]) -> set[str]:
    """Set what changes on the row in hand; the names of what really did."""
    unknown = sorted(set(changes) - {*DESCRIBING, "values"})
    if unknown:
        raise Invalid(_("This cannot be changed."), field=unknown[0])
    touched = describe(endpoint, asked, {k: v for k, v in changes.items() if k != "values"})
    if changes.get("values"):
        touched |= _apply_values(endpoint, asked, changes["values"])
    return touched


def _apply_values(endpoint: Endpoint, asked: TypeSpec, values: Mapping[str, Any]) -> set[str]:
    found = entered(asked, {**values_of(asked, endpoint), **values})
    kept = _kept_credentials(endpoint) if found.origin == endpoint.origin else {}
    touched = {
        name for name in ("origin", "path", "options") if getattr(endpoint, name) != getattr(found, name)
    }
    if found.credentials or "origin" in touched:
        touched.add("credentials")
    endpoint.origin, endpoint.path, endpoint.options = found.origin, found.path, found.options
    known = {**kept, **found.credentials}
    endpoint.credentials = sealed_credentials(endpoint, known) if known else ""
    return touched


def _kept_credentials(endpoint: Endpoint) -> dict[str, str]:
    try:
        return credentials_of(endpoint)
    except CannotOpen:
        return {}


def _must_serve(asked: TypeSpec, endpoint: Endpoint) -> None:
    missing = missing_secrets(asked, credentials_of(endpoint))
    if missing:
        message = _("Enter it again: it was for another address.")
        raise Invalid(message, field=missing[0].name, code="secret_needed")
    found = look_at(endpoint)
    if not found.ok:
        raise EndpointError(found.message, permanent=True, code=found.code)


def _may_serve(organization: Organization | None, endpoint: Endpoint) -> None:
    if endpoint.state not in {"ready", "active"}:
        message = _("“%(name)s” has to be validated first.") % {"name": endpoint.name}
        raise Conflict(message, code="not_validated")
    if endpoint.kind == "database":
        raise Conflict(_("A database serves once a placement is in it."), code="not_activated")
    zone = organization.zone if organization else ""
    if zone and endpoint.zone != zone:
        message = _(
            "“%(name)s” is not in the zone %(zone)s, which the organization's content does not leave."
        )
        raise Conflict(message % {"name": endpoint.name, "zone": zone}, code="outside_zone")


def _where(endpoint: Endpoint) -> tuple[Any, ...]:
    """What says where the files of a storage are; how to sign in there is not part of it."""
    place = [endpoint.options.get(name) for name in ("bucket", "container", "folder", "prefix")]
    return (endpoint.role, endpoint.origin, endpoint.path, *place)


def _has_files(endpoint: Endpoint) -> bool:
    serves = endpoint.kind == "storage" and endpoint.state == "active"
    return serves or copying(endpoint) or holds_files(endpoint)


def _carries_files(endpoint: Endpoint) -> bool:
    """Whether an organization's files are there, which go where they are served from."""
    return endpoint.kind == "storage" and endpoint.role != "backup" and endpoint.organization_id is not None


def _followed(endpoint: Endpoint) -> AbstractContextManager[None]:
    """Around what puts it in use or out of use: files of everybody are where the platform's storage is."""
    of_everybody = endpoint.organization_id is None and endpoint.kind == "storage"
    return files_follow() if of_everybody and endpoint.role != "backup" else nullcontext()


def _before(endpoint: Endpoint) -> list[Endpoint]:
    """What serves the same role now and gives way."""
    if endpoint.kind not in ONE_AT_A_TIME:
        return []
    rows = Endpoint.objects.filter(
        organization=endpoint.organization, kind=endpoint.kind, role=endpoint.role, state="active"
    )
    return list(rows.exclude(id=endpoint.id).select_for_update())


def _held(
    organization: Organization | None,
    endpoint_id: uuid.UUID,
    version: int | None = None,
    *,
    lock: bool = False,
) -> Endpoint:
    rows = Endpoint.objects.select_for_update() if lock else Endpoint.objects.all()
    endpoint = rows.filter(organization=organization, id=endpoint_id).exclude(state="closed").first()
    if endpoint is None:
        raise NotFound(_("There is nothing here."))
    if version is not None and endpoint.version != version:
        raise StaleVersion(_("Somebody changed this in the meantime. Reload and try again."))
    return endpoint


def _keep(endpoint: Endpoint, *, new: bool = False) -> None:
    """Every process hears of it. Conflict for a name that is taken."""
    try:
        with transaction.atomic():
            endpoint.save(force_insert=new)
    except IntegrityError as error:
        if "named_once" not in str(error):
            raise
        message = _("There is an endpoint named “%(name)s” already.") % {"name": endpoint.name}
        raise Conflict(message, code="name_taken") from None
    endpoints.changed(endpoint.organization_id)
    if endpoint.kind == "storage":
        storage.changed(endpoint.organization_id)
    if endpoint.organization_id is not None:
        if endpoint.role == Endpoint.Role.EMBEDDING:
            embeddings_changed(endpoint.organization_id)
        Watch.objects.get_or_create(
            organization_id=endpoint.organization_id, defaults={"due_at": timezone.now()}
        )


def _tell(what: str, endpoint: Endpoint, **payload: Any) -> None:
    """For the trail: never a value that opens anything."""
    control_event(
        f"endpoint.{what}", "endpoint", endpoint.id, organization_id=endpoint.organization_id,
        payload={
            "name": endpoint.name, "kind": endpoint.kind, "role": endpoint.role, "type": endpoint.type,
            "address": endpoint.origin, "version": endpoint.version, **payload,
        },
    )  # fmt: skip
