"""Programs that talk to the API: one of the twin's in each organization, one of a plain member."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from tenants.models import Membership
from tenants.services.keys import create_api_key
from tests.fixtures.organizations import World


@dataclass
class Program:
    """Sends JSON with its key. `raw` sends any bytes."""

    key: str
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.send("POST", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.send("PATCH", path, body, **headers)

    def put(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.send("PUT", path, body, **headers)

    def delete(self, path: str, **headers: str) -> HttpResponse:
        return self.send("DELETE", path, **headers)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.raw(method, path, b"" if body is None else json.dumps(body).encode(), **headers)

    def raw(self, method: str, path: str, body: bytes, **headers: str) -> HttpResponse:
        """Header names are written with underscores: `if_match`. `content_type` is JSON if not said."""
        media = headers.pop("content_type", "application/json")
        sent = {"authorization": f"Bearer {self.key}", **self.headers}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        address = path if path.startswith("http") else f"/api/v1/{path}"
        client = Client(raise_request_exception=False)
        answer: HttpResponse = client.generic(method, address, body, content_type=media, headers=sent)
        return answer


def program_of(member: Membership, **options: Any) -> Program:
    return Program(create_api_key(member=member, name="Test", **options)[1])


def refused(answer: HttpResponse, status: int, code: str, field: str | None = None) -> None:
    """The envelope: this status, code and field, a sentence, and an id to quote."""
    assert answer.status_code == status, answer.content
    error = json.loads(answer.content)["error"]
    assert (error["code"], error.get("field")) == (code, field)
    assert error["message"]
    assert error["id"] == answer["X-Request-ID"]


@pytest.fixture
def twin(left: World) -> Program:
    """An owner, and the owner of every row of the fixture."""
    return Program(left.key)


@pytest.fixture
def plain(left: World) -> Program:
    """An ordinary member without any row."""
    return program_of(left.member)
