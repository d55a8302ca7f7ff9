"""Identity adapters against servers that somebody else wrote."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError

import pytest

from byoc.adapters.identity import make
from byoc.contracts import EndpointSpec, Finding
from humana.embedded.process import free_port
from humana.kernel.egress import Grant, Guard

pytestmark = [pytest.mark.adapters, pytest.mark.needs("scim")]

PROGRAM = Path(sys.prefix) / "peers" / "adapters" / "bin" / "scim2-server"


@pytest.fixture(scope="module")
def scim_url() -> Iterator[str]:
    """scim2-server, which lets in who has the token."""
    port = free_port()
    command = [str(PROGRAM), "--hostname", "127.0.0.1", "--port", str(port), "--bearer-token", "s3cret"]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": ""}
    )
    url = f"http://127.0.0.1:{port}/v2"
    try:
        _wait_for(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server ended at once"
        try:
            urllib.request.urlopen(url, timeout=1)
        except URLError as error:
            if getattr(error, "code", None):
                return
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"{url} did not come up")


async def looked_at(url: str, token: str) -> tuple[Finding, ...]:
    spec = EndpointSpec("Theirs", "identity", "scim", url, owner="acme", credentials={"token": token})
    guard = Guard("acme", [Grant.for_url(url, owner="acme", reason="a test")])
    return await make(spec, guard).validate()


async def test_a_directory_serves(scim_url: str) -> None:
    assert {one.level for one in await looked_at(scim_url, "s3cret")} == {"fact"}


async def test_a_wrong_token_and_a_wrong_address_are_told_apart(scim_url: str) -> None:
    assert (await looked_at(scim_url, "guessed"))[0].code == "unauthorized"
    assert (await looked_at(f"{scim_url}/nowhere", "s3cret"))[0].code == "not_found"
