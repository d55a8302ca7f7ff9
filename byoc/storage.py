"""The one door to files: which storage an organization's files are in, by what they are for.

    storage_of(organization_id, "documents")    an adapter in which only that organization's documents are
    files_of(organization_id, folder)           the same for a folder of any name, see the port

    Limited(Following(Moving(Fallback(adapter))))  what stands before the wire, outermost first

Its own endpoint of that role, else the platform's: one that an operator entered, the one of the environment
(HUMANA_STORAGE_TYPE, _URL, _OPTIONS, _CREDENTIALS), or a folder of this server (HUMANA_FILES).
"""

from __future__ import annotations

import json
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from byoc import endpoints
from byoc.adapters.storage import make
from byoc.adapters.storage.errors import StorageFailed
from byoc.adapters.storage.fallback import Fallback
from byoc.adapters.storage.following import Following
from byoc.adapters.storage.limited import Limited
from byoc.adapters.storage.moving import Moving
from byoc.config_keys import LINK_SECONDS, MAX_UPLOAD_BYTES
from byoc.contracts import PURPOSES, EndpointSpec, StorageAdapter
from byoc.ledgers import BackupLedger, CopyTombs, inside
from byoc.models import Endpoint, StorageCopy
from humana import env
from humana.kernel import measures
from humana.kernel.egress import EgressRefused, Grant, Guard
from humana.kernel.errors import Misconfigured, NotFound
from tenants.config.resolver import resolve_for
from tenants.context import use_tenant, without_tenant
from tenants.freshness import Fresh

#: What has no purpose of its own is kept with the documents.
USUAL = "documents"
#: What Humana makes itself and nobody uploads: an export is as large as what it is of.
OURS = "exports"
#: What a copy calls the storage of the environment, which has no row.
ENVIRONMENT = uuid.UUID(int=0)
#: Adapters that one process keeps, with their connections.
KEPT = 256


def storage_of(organization_id: uuid.UUID, purpose: str = USUAL) -> StorageAdapter:
    """Costs no query where nothing changed, and dials nothing. The adapter is for one use, not for keeping:
    a change of storage is in effect within a second for whoever asks again."""
    part = _part(organization_id, role_of(purpose), f"{folder_of(organization_id)}/{purpose}")
    return _limited(organization_id, purpose, part)


def files_of(organization_id: uuid.UUID, folder: str = USUAL) -> StorageAdapter:
    """Everything of the organization that is where that folder is. See the port."""
    return _limited(
        organization_id, folder, _part(organization_id, role_of(folder), folder_of(organization_id))
    )


def _limited(organization_id: uuid.UUID, purpose: str, storage: StorageAdapter) -> StorageAdapter:
    """As its configuration says at the time of an upload, of a link."""
    return Limited(
        storage,
        most_bytes=lambda: None if purpose == OURS else resolve_for(organization_id, MAX_UPLOAD_BYTES),
        link_seconds=lambda: resolve_for(organization_id, LINK_SECONDS),
        too_large=_too_large,
    )


def _too_large(most: int) -> str:
    sentence = _("This file is larger than %(most)s, the most that your organization takes.")
    return sentence % {"most": measures.size(most)}


def _part(organization_id: uuid.UUID, role: str, folder: str) -> StorageAdapter:
    def now() -> StorageAdapter:
        return _with_backup(organization_id, role, spec_for(organization_id, role))

    return Following(whole_of(organization_id, role), folder, now)


def folder_of(organization_id: uuid.UUID) -> str:
    """Before every name of the organization, in every storage: it is what keeps organizations apart."""
    return organization_id.hex


def role_of(folder: str) -> str:
    return folder if folder in PURPOSES else USUAL


def belongs(name: str, organization_id: uuid.UUID, role: str) -> bool:
    """Whether a whole name is one of that role."""
    first = name.removeprefix(f"{folder_of(organization_id)}/").partition("/")[0]
    return role_of(first) == role


def whole_of(organization_id: uuid.UUID, role: str) -> StorageAdapter:
    """The storage itself, with whatever stands by; names are whole."""
    place = _places(organization_id)[role]
    adapter = _with_backup(organization_id, role, place.spec)
    if place.source is None:
        return adapter
    return Moving(adapter, adapter_of(organization_id, place.source), CopyTombs(organization_id, role))


def spec_for(organization_id: uuid.UUID, role: str) -> EndpointSpec:
    """What is written to. While files are on their way that is where they go, whatever was chosen since."""
    return _places(organization_id)[role].spec


def chosen_now(organization_id: uuid.UUID, role: str) -> EndpointSpec:
    """Where files of that role should be, from the rows as they are in this transaction."""
    return _chosen(role, endpoints.read(organization_id).specs, endpoints.read(None).specs)


def platform_now(role: str) -> EndpointSpec:
    """Where the platform keeps files of that role, from the rows as they are in this transaction."""
    return _chosen(role, (), endpoints.read(None).specs)


def platform_spec(role: str = USUAL) -> EndpointSpec:
    """Where files are of whoever brought no storage."""
    return _chosen(role, (), endpoints.platform("storage"))


def _chosen(role: str, own: Iterable[EndpointSpec], ours: Iterable[EndpointSpec]) -> EndpointSpec:
    """The organization's own of that role, else the platform's, of that role or of documents."""
    for specs, wanted in ((own, role), (ours, role), (ours, USUAL)):
        found = [one for one in specs if (one.kind, one.role) == ("storage", wanted)]
        if found:
            return found[0]
    return of_the_environment()


def key_of(spec: EndpointSpec) -> uuid.UUID:
    """What a copy calls it."""
    return uuid.UUID(spec.id) if spec.id else ENVIRONMENT


def of_the_environment() -> EndpointSpec:
    """Raises Misconfigured for what is no JSON."""
    kind = env.text("HUMANA_STORAGE_TYPE", "local")
    options = _json("HUMANA_STORAGE_OPTIONS")
    if kind == "local":
        options.setdefault("folder", str(settings.HUMANA_FILES))
    return EndpointSpec(
        name="humana",
        kind="storage",
        type=kind,
        url=env.text("HUMANA_STORAGE_URL", ""),
        role=USUAL,
        options=options,
        credentials=_json("HUMANA_STORAGE_CREDENTIALS"),
    )


def _json(name: str) -> dict[str, str]:
    try:
        told = json.loads(env.text(name, "{}"))
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise Misconfigured(f'{name} should be JSON like {{"bucket": "humana"}}.')
    return told


def adapter_of(organization_id: uuid.UUID, spec: EndpointSpec) -> StorageAdapter:
    """Of exactly that endpoint, made once per version of it and of what may be dialled."""
    guard = guard_of(organization_id, spec)
    key = (spec, guard.grants)
    found = _made.get(key)
    if found is None:
        found = _made[key] = make(spec, guard)
        while len(_made) > KEPT:
            _made.popitem(last=False)[1].close()
    return found


_made: OrderedDict[tuple[EndpointSpec, tuple[Grant, ...]], StorageAdapter] = OrderedDict()


def guard_of(organization_id: uuid.UUID, spec: EndpointSpec) -> Guard:
    if spec.owner != "platform":
        return endpoints.guard_for(organization_id)
    named = [] if spec.id or not spec.url else [spec.url]  # whoever sets the environment may
    granted = (Grant.for_url(url, owner="platform", reason="storage of the platform") for url in named)
    return endpoints.guard_for(None, *granted)


def _with_backup(organization_id: uuid.UUID, role: str, spec: EndpointSpec) -> StorageAdapter:
    primary = adapter_of(organization_id, spec)
    backup = backup_of(organization_id, spec)
    if backup is None:
        return primary
    ledger = BackupLedger(organization_id, role, spec.id)
    return Fallback(primary, adapter_of(organization_id, backup), ledger)


def backup_of(organization_id: uuid.UUID, spec: EndpointSpec) -> EndpointSpec | None:
    """The one that the endpoint names, while it is in use as a backup."""
    named = spec.options.get("backup")
    standing_by = endpoints.active(organization_id, "storage", "backup") if named and spec.id else ()
    return next((one for one in standing_by if one.name == named), None)


@dataclass(frozen=True, slots=True)
class Place:
    """Where files of a role are, and where they still come from."""

    spec: EndpointSpec
    source: EndpointSpec | None = None


def _load(organization_id: uuid.UUID | None) -> dict[str, Place]:
    """Read together, so that nobody sees the new storage without what is still to be brought there."""
    if organization_id is None:
        return {}
    live = StorageCopy.objects.filter(organization=organization_id, state__in=StorageCopy.LIVE)
    copies = {row.role: row for row in live}
    return {role: _place(organization_id, role, copies.get(role)) for role in PURPOSES}


def _place(organization_id: uuid.UUID, role: str, copy: StorageCopy | None) -> Place:
    if copy is None:
        return Place(chosen_now(organization_id, role))
    target, source = (spec_by_id(organization_id, key, role) for key in (copy.target_id, copy.source_id))
    return Place(target, source)


def spec_by_id(organization_id: uuid.UUID, endpoint_id: uuid.UUID | None, role: str) -> EndpointSpec:
    """One of the organization's, or of the platform's. None is the platform's of now, as copies were noted
    before it could change. Raises NotFound for one that was removed."""
    if endpoint_id is None:
        return platform_now(role)
    if endpoint_id == ENVIRONMENT:
        return of_the_environment()
    rows = Endpoint.objects.filter(id=endpoint_id, kind=Endpoint.Kind.STORAGE)
    with use_tenant(inside(organization_id)):
        row = rows.filter(organization=organization_id).first()
    with without_tenant(reason="a storage of the platform itself"):
        row = row or rows.filter(organization=None).first()
    if row is None:
        raise NotFound(_("There is nothing here."))
    with use_tenant(inside(organization_id)):
        return endpoints.spec_of(row)


_places: Fresh[dict[str, Place]] = Fresh("storages", _load)


def changed(organization_id: uuid.UUID | None) -> None:
    """In the transaction in which a storage changes, or a copy begins or ends; None is for everybody."""
    _places.changed(organization_id)


def forget() -> None:
    """This process reads everything again."""
    _places.forget()


def erase_platform(organization_id: uuid.UUID) -> int:
    """Nothing of the organization is left in any storage of the platform's; how many files there were."""
    specs = (
        {platform_spec(role) for role in PURPOSES} | {of_the_environment()} | _once_theirs(organization_id)
    )
    return sum(erase(adapter_of(organization_id, spec), organization_id) for spec in specs)


def _once_theirs(organization_id: uuid.UUID) -> set[EndpointSpec]:
    """The platform's that its files were brought from or to."""
    copies = StorageCopy.objects.filter(organization=organization_id)
    once = {key for pair in copies.values_list("source_id", "target_id") for key in pair if key}
    with without_tenant(reason="storages of the platform itself"):
        rows = Endpoint.objects.filter(organization=None, kind=Endpoint.Kind.STORAGE, id__in=once)
        return {endpoints.spec_of(row) for row in rows}


def erase(
    storage: StorageAdapter, organization_id: uuid.UUID, keep: Callable[[str], bool] | None = None
) -> int:
    """Delete what is below the organization's folder, but for what `keep` says; how many there were."""
    number = 0
    for item in list(storage.list(f"{folder_of(organization_id)}/")):
        if keep is None or not keep(item.name):
            storage.delete(item.name)
            number += 1
    if keep is None and hasattr(storage, "erase_folder"):
        storage.erase_folder(folder_of(organization_id))
    return number


@contextmanager
def in_words() -> Iterator[None]:
    """What a storage or the guard says, in the language of who reads it."""
    try:
        yield
    except StorageFailed as failed:
        code, told = failed.code, failed.told
        message = _(failed.sentence) % told
        error = StorageFailed(code, failed.sentence, permanent=failed.permanent, full=failed.full, **told)  # type: ignore[arg-type]
        error.message = message
        raise error from None
    except EgressRefused as refused:
        raise EgressRefused(_(refused.sentence), **refused.told) from None
