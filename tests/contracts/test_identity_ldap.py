"""LDAP, asked of OpenLDAP's server."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from byoc.adapters.identity import make
from byoc.adapters.identity.ldap import people_named
from byoc.contracts import EndpointSpec, Finding
from humana.kernel.egress import Grant, Guard, Origin
from tests.peers.slapd import MANY, PEOPLE, READER, STRANGER, SUFFIX, Slapd

pytestmark = [pytest.mark.adapters, pytest.mark.needs("slapd")]

PORTS = {"ldap": 389, "ldaps": 636}
BOTH = pytest.mark.parametrize("scheme", list(PORTS))


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    with running(tmp_path_factory.mktemp("ldap")) as one:
        yield one


@contextmanager
def running(folder: Path, **options: Any) -> Iterator[Slapd]:
    one = Slapd(folder / "slapd", **options)
    child = one.start()
    try:
        yield one
    finally:
        child.stop()


async def looked_at(directory: Slapd, url: str, user: str = READER, **changes: str) -> tuple[Finding, ...]:
    """With an operator's grant for exactly this address. Whatever is found, no password is in it."""
    credentials = {"bind_dn": user, "password": changes.pop("password", directory.password)}
    options: dict[str, Any] = {"base": PEOPLE, "authority": directory.authority, **changes}
    spec = EndpointSpec(
        "People", "identity", "ldap", url, owner="acme", options=options, credentials=credentials
    )
    at = Origin.of(url, PORTS)
    grant = Grant("acme", at.scheme, at.port, "a test", host=at.host)
    found = await make(spec, Guard("acme", [grant])).validate()
    assert directory.password not in f"{found} {spec!r} {[str(one) for one in found]}"
    return found


def first(found: tuple[Finding, ...]) -> tuple[str, str, str]:
    return found[0].level, found[0].code, found[0].field


@BOTH
async def test_people_are_read_over_an_encrypted_connection(directory: Slapd, scheme: str) -> None:
    """The server takes no password in the clear, so StartTLS came before it."""
    (found,) = await looked_at(directory, directory.url(scheme))
    assert (found.level, found.told) == ("fact", {"count": MANY})


async def test_no_more_than_a_page_is_read(directory: Slapd) -> None:
    (found,) = await looked_at(directory, directory.url(), page_size="10")
    assert str(found) == "10 entries on the first page"


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"password": "guessed"}, "unauthorized", "password"),
        ({"password": ""}, "unauthorized", "password"),
        ({"user": f"cn=nobody,{SUFFIX}"}, "unauthorized", "password"),
        ({"user": ""}, "unauthorized", "password"),
        ({"user": "reader"}, "unauthorized", "bind_dn"),
        ({"user": STRANGER}, "no_base", "base"),  # what may not be read is said not to be there
        ({"base": f"ou=missing,{SUFFIX}"}, "no_base", "base"),
        ({"base": "dc=elsewhere,dc=example"}, "no_base", "base"),
        ({"base": "people"}, "no_base", "base"),
        ({"filter": "(uid=person1"}, "bad_request", "filter"),
        ({"authority": "no certificate"}, "bad_request", "authority"),
    ],
)
async def test_what_is_wrong_is_said_of_its_field(
    directory: Slapd, changes: dict[str, str], code: str, field: str
) -> None:
    assert first(await looked_at(directory, directory.url(), **changes)) == ("refuse", code, field)


async def test_what_a_person_types_is_never_read_as_a_filter(directory: Slapd) -> None:
    typed = "*)(uid=*"
    opened = await looked_at(directory, directory.url(), filter=f"(|(uid={typed}))")
    assert opened[0].told == {"count": MANY}
    escaped = await looked_at(directory, directory.url(), filter=f"(|{people_named('uid', typed)})")
    assert first(escaped) == ("warn", "nobody", "base")
    known = await looked_at(directory, directory.url(), filter=people_named("uid", "person7"))
    assert known[0].told == {"count": 1}


@BOTH
async def test_a_certificate_of_an_authority_that_nobody_entered(directory: Slapd, scheme: str) -> None:
    found = await looked_at(directory, directory.url(scheme), authority="")
    assert first(found) == ("refuse", "not_certified", "url")


@BOTH
@pytest.mark.parametrize("certificate", [{"name": "books.example"}, {"name": "127.0.0.1"}, {"days": -1}])
async def test_a_certificate_of_another_name_or_one_that_ended(
    tmp_path: Path, scheme: str, certificate: dict[str, Any]
) -> None:
    """A certificate for the address that was dialled is not one for the name that was entered."""
    with running(tmp_path, **certificate) as other:
        found = await looked_at(other, other.url(scheme))
        assert first(found) == ("refuse", "not_certified", "url")


async def test_a_certificate_of_an_address_serves_who_entered_the_address(tmp_path: Path) -> None:
    with running(tmp_path, name="127.0.0.1") as other:
        (found,) = await looked_at(other, other.url("ldaps", "127.0.0.1"))
        assert found.level == "fact"


async def test_a_directory_that_encrypts_nothing_is_told_no_password(tmp_path: Path) -> None:
    with running(tmp_path, name="") as plain:
        assert first(await looked_at(plain, plain.url())) == ("refuse", "not_encrypted", "url")


@pytest.mark.parametrize(
    ("limit", "page", "expected"),
    [
        ("limits * size.pr=5", "500", ("refuse", "page_refused", "page_size")),
        ("limits * size.pr=5", "5", ("fact", "people", "")),
        ("limits * size.prtotal=disabled", "5", ("refuse", "page_refused", "page_size")),
        ("sizelimit 5", "500", ("warn", "limited", "bind_dn")),
    ],
)
async def test_a_limit_of_the_directory_is_said(
    tmp_path: Path, limit: str, page: str, expected: tuple[str, str, str]
) -> None:
    with running(tmp_path, limits=limit) as limited:
        assert first(await looked_at(limited, limited.url(), page_size=page)) == expected


@BOTH
async def test_a_directory_that_is_down(tmp_path: Path, scheme: str) -> None:
    with running(tmp_path) as gone:
        url = gone.url(scheme)
    assert first(await looked_at(gone, url)) == ("refuse", "unreachable", "url")


@BOTH
async def test_a_directory_that_listens_and_never_speaks(directory: Slapd, scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = monotonic()
        found = await looked_at(directory, f"{scheme}://localhost:{silent.getsockname()[1]}")
        assert first(found) == ("refuse", "unreachable", "url")
        assert monotonic() - began < 10


@pytest.mark.parametrize(("scheme", "other"), [("ldap", "ldaps"), ("ldaps", "ldap")])
async def test_the_port_of_the_other_way(directory: Slapd, scheme: str, other: str) -> None:
    url = directory.url(other).replace(f"{other}://", f"{scheme}://")
    assert first(await looked_at(directory, url)) == ("refuse", "unreachable", "url")
