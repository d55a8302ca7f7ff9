"""A round trip through a storage that says, step by step, what works and what to change."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from hashlib import sha256

from byoc.adapters.storage import tickets
from byoc.adapters.storage.base import Storage
from byoc.adapters.storage.errors import StorageFailed
from byoc.adapters.storage.wire import read_options, session_to
from byoc.contracts import EndpointSpec
from byoc.contracts.storage import Finding
from humana.kernel.egress import EgressRefused, Guard, Origin
from humana.kernel.errors import EndpointError

#: Where it is tried: a folder of its own, empty before and after.
FOLDER = "humana-check"
SIZE = 70_000


def _(sentence: str) -> str:
    """Only marks what is in the catalogue."""
    return sentence


_OTHER_BYTES = _("“%(name)s” gave back other bytes than were written. Do not use it.")
_NOT_LISTED = _("What was written to “%(name)s” is not in its list. Choose a storage that lists at once.")
_NOT_GIVEN_OUT = _("“%(name)s” does not give out what it signed an address for (%(status)s).")
_STILL_THERE = _("“%(name)s” still has what was deleted. See whether it keeps versions or locks objects.")


def validate(
    make: Callable[[EndpointSpec, Guard], Storage], spec: EndpointSpec, guard: Guard
) -> list[Finding]:
    """One finding per step, in order; the first that fails is the last, but for the cleaning up.

    Never raises for what the other side does; Misconfigured where the endpoint is not whole.
    """
    storage = make(spec, guard)
    found = list[Finding]()
    try:
        for finding in _steps(storage, spec, guard):
            found.append(finding)
            if not finding.ok:
                break
    finally:
        storage.close()
    return found


def _steps(storage: Storage, spec: EndpointSpec, guard: Guard) -> Iterator[Finding]:
    name, content = f"{FOLDER}/{uuid.uuid4().hex}", os.urandom(SIZE)
    tries: list[tuple[str, str, Callable[[], None]]] = [
        ("list", _("It lists what is there."), lambda: _list(storage)),
        ("write", _("It keeps what is written."), lambda: _write(storage, name, content)),
        ("read", _("It gives back the same bytes."), lambda: _read(storage, name, content)),
        ("listed", _("What was written is in its list."), lambda: _listed(storage, name)),
        ("sign", _("It gives out what an address was signed for."),
         lambda: _fetch(storage, name, content, guard)),
        ("delete", _("It deletes."), lambda: _delete(storage, name)),
    ]  # fmt: skip
    deleted = False
    try:
        for step, well, act in tries:
            finding = _tried(step, well, act)
            deleted = deleted or (step == "delete" and finding.ok)
            yield finding
    finally:
        if not deleted:
            with suppress(EndpointError):
                storage.delete(name)


def _tried(step: str, well: str, act: Callable[[], None]) -> Finding:
    try:
        act()
    except StorageFailed as failed:
        return Finding(step, False, failed.sentence, tuple(failed.told.items()), failed.code)
    except EgressRefused as refused:
        return Finding(step, False, refused.sentence, tuple(refused.told.items()), refused.code)
    except EndpointError as error:
        return Finding(step, False, "%(message)s", (("message", str(error)),), error.code)
    return Finding(step, True, well)


def _list(storage: Storage) -> None:
    next(storage.list(f"{FOLDER}/"), None)


def _write(storage: Storage, name: str, content: bytes) -> None:
    storage.upload(name, content)


def _read(storage: Storage, name: str, content: bytes) -> None:
    digest = sha256()
    try:
        with closing(storage.download(name)) as pieces:
            for piece in pieces:
                digest.update(piece)
    except FileNotFoundError:
        digest = sha256()
    if digest.digest() != sha256(content).digest():
        raise StorageFailed("malformed", _OTHER_BYTES, name=storage.spec.name)


def _listed(storage: Storage, name: str) -> None:
    if name not in {item.name for item in storage.list(f"{FOLDER}/")}:
        raise StorageFailed("malformed", _NOT_LISTED, name=storage.spec.name)


def _fetch(storage: Storage, name: str, content: bytes, guard: Guard) -> None:
    address = storage.signed_url(name, 60)
    if address.startswith(tickets.AT):
        tickets.read_ticket(address.removeprefix(tickets.AT))
        return
    there, asked = Origin.of(storage.url), Origin.of(address)
    if there != asked:
        raise StorageFailed("malformed", _NOT_GIVEN_OUT, name=storage.spec.name, status=asked.host)
    options = read_options(storage.spec)
    with storage.in_words("read"), session_to(storage.url, guard, options) as session:
        answer = session.get(address, timeout=(options.connect_seconds, options.seconds))
        if answer.status_code != 200 or answer.content != content:
            status = answer.status_code
            raise StorageFailed("unauthorized", _NOT_GIVEN_OUT, name=storage.spec.name, status=status)


def _delete(storage: Storage, name: str) -> None:
    storage.delete(name)
    if storage.exists(name):
        raise StorageFailed("bad_request", _STILL_THERE, name=storage.spec.name)
