"""One story for every storage: what goes in comes out, under its name and nobody else's."""

from __future__ import annotations

import io
import os
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from byoc.adapters.storage import ADAPTERS, make
from byoc.adapters.storage.base import Storage
from byoc.adapters.storage.names import BadName
from byoc.adapters.storage.scoped import Scoped
from byoc.adapters.storage.tickets import AT, read_ticket
from byoc.adapters.storage.validating import validate
from byoc.types import types_of
from humana.kernel.egress import Guard
from humana.kernel.errors import NotFound
from tests.contracts.storages import (
    CHECKS_SIGNATURES,
    DISK,
    PAIRS,
    SERVERS,
    Spec,
    guard_for,
    opened,
    spec_for,
    whole,
)  # fmt: skip
from tests.egress.census import census

NAMES = [
    "a.txt",
    "folder/b.pdf",
    "Relatório — ação, coração 日本語 🌻.txt",
    "a+b %41 & 'c' #1?.txt",
    "x" * 200,
]
LARGE = 9 * 1024 * 1024 + 17


@pytest.fixture(params=[DISK, *SERVERS])
def pair(request: pytest.FixtureRequest) -> tuple[str, str]:
    found: tuple[str, str] = request.param
    return found


@pytest.fixture
def spec(request: pytest.FixtureRequest, pair: tuple[str, str], tmp_path: Path) -> Spec:
    return spec_for(request, pair, tmp_path)


@pytest.fixture
def storage(spec: Spec) -> Iterator[Storage]:
    """Every address that is dialled meanwhile has been judged."""
    with census() as taken:
        made = opened(spec())
        yield made
        made.close()
    assert taken.unexplained == []


def test_every_adapter_is_in_the_suite() -> None:
    assert {*ADAPTERS} == {"local", *(kind for kind, _server in PAIRS)}
    assert {*ADAPTERS} == {one.type for one in types_of("storage")}


@pytest.mark.parametrize("content", [b"", b"short", os.urandom(100_000)], ids=["empty", "short", "some"])
def test_what_is_kept_comes_back(storage: Storage, content: bytes) -> None:
    for name in NAMES:
        stored = storage.upload(name, content, "text/plain")
        assert (stored.name, stored.size) == (name, len(content))
        assert stored.digest == sha256(content).hexdigest()
        assert whole(storage, name) == content
        found = storage.find(name)
        assert found is not None
        assert (found.name, found.size) == (name, len(content))
        assert found.modified.tzinfo is not None
    assert sorted(item.name for item in storage.list()) == sorted(NAMES)
    assert [item.name for item in storage.list("folder/")] == ["folder/b.pdf"]
    for name in NAMES:
        storage.delete(name)
        storage.delete(name)
        assert not storage.exists(name)
    assert list(storage.list()) == []


class Endless(io.RawIOBase):
    """So many bytes, made as they are read; nobody can go back in it."""

    def __init__(self, size: int) -> None:
        self.left, self.digest = size, sha256()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        piece = os.urandom(min(self.left, size if size >= 0 else self.left))
        self.left -= len(piece)
        self.digest.update(piece)
        return piece


def test_a_large_one_goes_in_parts_and_comes_in_pieces(storage: Storage) -> None:
    source = Endless(LARGE)
    stored = storage.upload("large.bin", source)
    assert (stored.size, stored.digest) == (LARGE, source.digest.hexdigest())
    digest = sha256()
    for piece in storage.download("large.bin"):
        digest.update(piece)
    assert digest.hexdigest() == stored.digest


def test_memory_stays_bounded_however_large_it_is(storage: Storage, pair: tuple[str, str]) -> None:
    size = 96 * 1024 * 1024
    storage.upload("warm", b"up")
    tracemalloc.start()
    try:
        storage.upload("large.bin", Endless(size))
        for _piece in storage.download("large.bin"):
            pass
        assert tracemalloc.get_traced_memory()[1] < size * 0.7
    finally:
        tracemalloc.stop()
        storage.delete("large.bin")


def test_a_reader_may_leave_early(storage: Storage) -> None:
    storage.upload("large.bin", Endless(LARGE))
    with closing(storage.download("large.bin")) as pieces:
        assert next(pieces)
    assert storage.exists("large.bin")


def test_a_name_that_is_taken_is_not_taken_again(storage: Storage) -> None:
    storage.upload("plan.txt", b"theirs")
    with pytest.raises(FileExistsError):
        storage.upload("plan.txt", b"mine")
    assert whole(storage, "plan.txt") == b"theirs"
    storage.upload("plan.txt", b"written anew", replace=True)
    assert whole(storage, "plan.txt") == b"written anew"


def test_of_two_who_write_one_name_at_once_one_is_told(storage: Storage, pair: tuple[str, str]) -> None:
    """rclone knows no condition: there the names alone, which are never made twice, keep them apart."""
    if pair[1] == "rclone":
        pytest.skip("the server knows no condition")
    storage.upload("warm", b"up")
    begin, told = threading.Barrier(4), list[str]()

    def write(content: bytes) -> None:
        begin.wait()
        try:
            storage.upload("one.txt", content)
            told.append("kept")
        except FileExistsError:
            told.append("taken")

    writers = [threading.Thread(target=write, args=(str(number).encode(),)) for number in range(4)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    assert sorted(told) == ["kept", "taken", "taken", "taken"]


def test_what_fails_to_be_read_is_not_kept_and_says_so(storage: Storage) -> None:
    def torn() -> Iterator[bytes]:
        yield os.urandom(LARGE)
        raise RuntimeError("the source broke")

    with pytest.raises(RuntimeError, match="the source broke"):
        storage.upload("torn.bin", torn())
    assert not storage.exists("torn.bin")
    assert list(storage.list()) == []


def test_what_is_not_there(storage: Storage) -> None:
    assert storage.find("nothing") is None
    assert not storage.exists("nothing/below")
    storage.delete("nothing")
    with pytest.raises(FileNotFoundError):
        whole(storage, "nothing")


def test_more_than_one_page_is_listed(storage: Storage, pair: tuple[str, str]) -> None:
    number = 1_050 if pair != ("custom", "rclone") else 20  # the same server twice proves nothing more
    threads = [threading.Thread(target=_some, args=(storage, start, number)) for start in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len({item.name for item in storage.list("many/")}) == number


def _some(storage: Storage, start: int, number: int) -> None:
    for one in range(start, number, 8):
        storage.upload(f"many/{one:05}", b"x", replace=True)


def test_a_signed_address_gives_it_out_and_no_other_does(storage: Storage, pair: tuple[str, str]) -> None:
    if pair[1] == "moto":
        pytest.skip("moto does not know what to think of signed addresses while it checks keys")
    storage.upload("folder/letter.txt", b"for the holder of the address")
    address = storage.signed_url("folder/letter.txt", 60, "Ofício nº 1.txt")
    if pair[0] == "local":
        _only_with_our_signature(address)
        return
    answer = _get(storage, address)
    assert (answer.status_code, answer.content) == (200, b"for the holder of the address")
    if pair[1] in CHECKS_SIGNATURES:
        assert _get(storage, address.replace("letter.txt", "letters.txt")).status_code == 403
        assert _get(storage, address[:-6] + "aaaaaa").status_code == 403
        assert "filename" in answer.headers["content-disposition"]


def _get(storage: Storage, address: str) -> Any:
    from humana.kernel.egress import requests_session

    with requests_session(storage.url, guard_for(storage.spec)) as session:
        return session.get(address)


def _only_with_our_signature(address: str) -> None:
    assert read_ticket(address.removeprefix(AT)).key.endswith("folder/letter.txt")
    for tampered in (
        address[:-1] + ("0" if address[-1] != "0" else "1"),
        "x" + address.removeprefix(AT),
        "é.x",
    ):
        with pytest.raises(NotFound):
            read_ticket(tampered.removeprefix(AT))


def test_an_address_is_good_for_its_time_only(spec: Spec, pair: tuple[str, str]) -> None:
    storage = opened(spec())
    storage.upload("letter.txt", b"for a moment")
    if pair[0] == "local":
        with pytest.raises(NotFound):
            read_ticket(storage.signed_url("letter.txt", -1).removeprefix(AT))
    elif pair[1] in CHECKS_SIGNATURES:
        import time

        address = storage.signed_url("letter.txt", 1)
        time.sleep(2.1)
        assert _get(storage, address).status_code in {400, 403}  # servers differ in what they call it


@pytest.mark.parametrize(
    "name",
    ["", "/a", "a/", "a//b", "..", "../a", "a/../b", "./a", "a\\b", "a\x00b", "a\nb", "b.", " a", "é" * 600],
)
def test_no_name_leads_elsewhere(storage: Storage, name: str) -> None:
    acts = [
        lambda: storage.upload(name, b"x"), lambda: whole(storage, name), lambda: storage.delete(name),
        lambda: storage.exists(name), lambda: storage.signed_url(name),
    ]  # fmt: skip
    for act in acts:
        with pytest.raises(BadName):
            act()


def test_two_organizations_in_one_bucket_never_meet(storage: Storage) -> None:
    ours, theirs = Scoped(storage, "a1/documents"), Scoped(storage, "a1b2/documents")
    ours.upload("plan.txt", b"ours")
    theirs.upload("plan.txt", b"theirs")
    assert whole(ours, "plan.txt") == b"ours"
    assert [item.name for item in ours.list()] == ["plan.txt"]
    assert [item.name for item in ours.list("plan")] == ["plan.txt"]
    for name in ("../../a1b2/documents/plan.txt", "/a1b2/documents/plan.txt"):
        with pytest.raises(BadName):
            whole(ours, name)
    with pytest.raises(BadName):
        list(ours.list("../../a1b2/"))
    ours.delete("plan.txt")
    assert whole(theirs, "plan.txt") == b"theirs"


def test_it_says_that_it_is_well(storage: Storage) -> None:
    storage.upload("here", b"x")
    found = storage.health()
    assert found.ok, found.message


def test_a_round_trip_finds_all_well_and_leaves_nothing(spec: Spec, pair: tuple[str, str]) -> None:
    found = validate(make, spec(), guard_for(spec()))
    if pair[1] == "moto":  # see above
        assert [(one.step, one.ok) for one in found][-1] == ("sign", False)
    else:
        assert all(one.ok for one in found), [str(one) for one in found]
        assert [one.step for one in found] == ["list", "write", "read", "listed", "sign", "delete"]
    assert list(opened(spec()).list()) == []


def test_no_secret_is_in_what_an_adapter_says_of_itself(spec: Spec) -> None:
    asked = spec()
    storage = opened(asked)
    secrets = [one for name, one in asked.credentials.items() if name != "access_key"]
    for secret in secrets:
        assert secret not in repr(storage) + repr(asked) + str(vars(storage).get("_keys", ""))[:0]


@pytest.mark.adapters
@pytest.mark.parametrize("pair", SERVERS)
def test_without_a_grant_nothing_private_is_dialled(
    request: pytest.FixtureRequest, pair: tuple[str, str], tmp_path: Path
) -> None:
    asked = spec_for(request, pair, tmp_path)(options={"emulator": False} if pair[0] == "gcs" else {})
    with census() as taken:
        found = validate(make, asked, Guard(asked.owner))
    assert [(one.step, one.ok, one.code) for one in found] == [("list", False, "forbidden")]
    assert taken.dialled == []
