"""Whatever is sent to whatever address: a clear refusal in the one envelope, and nothing is written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpResponse

from tests.api.conftest import Program
from tests.fixtures.organizations import World
from tests.isolation.routes import API, Route, objects_of, routes
from tests.isolation.snapshots import everything_of

pytestmark = pytest.mark.django_db
JSON = "application/json"
OTHER_KINDS = ("text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "x")
WRITES = ("POST", "PUT", "PATCH", "DELETE")
FREE = {"api/v1/schema/", "api/v1/docs/"}
every_route = pytest.mark.parametrize(
    "route", [one for one in routes(API) if one.template not in FREE], ids=str
)

DEEP = b'{"title":' + b"[" * 10_000 + b"]" * 10_000 + b"}"
MALFORMED = {
    "cut": b'{"title": "a',
    "not an object": b'["title"]',
    "a word": b"null",
    "deep": DEEP,
    "deep and cut": b"[" * 100_000,
    "a thousand objects deep": b'{"a":' * 1_000 + b"1" + b"}" * 1_000,
    "NUL": b'{"title": "a\\u0000b", "text": "a\\u0000b", "name": "a\\u0000b"}',
    "NUL in a name": b'{"a\\u0000": 1}',
    "half a character": b'{"title": "\\ud800", "text": "\\udfff", "name": "\\ud800"}',
    "half a character in a name": b'{"\\ud800": 1}',
    "not UTF-8": b'{"title": "\xff\xfe"}',
    "UTF-16": '{"title": "a"}'.encode("utf-16"),
    "a huge number": b'{"up": 1' + b"0" * 10_000 + b"}",
    "a huge power": b'{"up": 1e999999}',
    "no number": b'{"up": NaN}',
    "endless": b'{"up": -Infinity}',
    "twice": b'{"title": "a", "title": "b", "up": true, "up": false}',
}
WRONG = {
    "unknown fields": {"organization_id": "x", "owner_id": "x", "id": "x", "__proto__": {}},
    "numbers": {"title": 1, "text": 1, "name": 1, "up": 1, "companion_id": 1, "pinned": 1},
    "lists": {"title": [], "text": [], "name": [], "up": [], "companion_id": [], "parent_id": []},
    "objects": {"title": {}, "text": {}, "name": {}, "up": {}, "companion_id": {"in": ["x"]}},
    "empty words": {"title": "", "text": " \n\t", "name": "\u200b", "up": "", "companion_id": ""},
    "too long": dict.fromkeys(("title", "text", "name", "comment", "instructions"), "a" * 40000),
    "no ids": {"companion_id": "' OR 1=1 --", "folder_id": "../..", "parent_id": "0" * 36},
}


def refused_clearly(answer: HttpResponse, sent: str) -> None:
    assert 400 <= answer.status_code < 500, (sent, answer.status_code, answer.content[:300])
    error = json.loads(answer.content)["error"]
    assert error["code"], sent
    assert error["message"], sent
    assert error["id"] == answer["X-Request-ID"], sent


def sent_to_all(
    twin: Program, address: str, bodies: dict[str, bytes], kinds: Sequence[str] = (JSON,)
) -> None:
    """Each body by each method, as each kind; where there is no such method, one is as good as all."""
    for method in WRITES:
        for kind, (name, body) in product(kinds, bodies.items()):
            answer = twin.raw(method, address.removeprefix("/api/v1/"), body, content_type=kind)
            refused_clearly(answer, f"{method} {name} {kind}")
            if answer.status_code == 405:
                break


@pytest.mark.in_turn(4)
@every_route
def test_whatever_is_sent_is_refused_clearly_and_writes_nothing(
    twin: Program, left: World, route: Route
) -> None:
    """What is no JSON, not said to be JSON, not meant, too large."""
    address, before = route.address("", objects_of(left)), everything_of(left)
    sent_to_all(twin, address, MALFORMED)
    sent_to_all(twin, address, {"form": b"title=a&up=true"}, OTHER_KINDS)
    sent_to_all(twin, address, {name: json.dumps(body).encode() for name, body in WRONG.items()})
    sent_to_all(
        twin, address, {"large": b'{"title": "' + b"a" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE + b'"}'}
    )
    assert everything_of(left) == before


ODD: list[dict[str, Any]] = [
    {"authorization": "Bearer"},
    {"authorization": "Bearer hk_"},
    {"authorization": "Bearer " + "a" * 50_000},
    {"authorization": "Bearer hk_" + "é" * 43},
    {"authorization": "Basic aGs6eA=="},
    {"authorization": "Token x", "humana_organization": "left"},
    {"authorization": "", "humana_organization": "../../left"},
]


@pytest.mark.parametrize("headers", ODD)
def test_a_key_that_is_none_opens_nothing(twin: Program, headers: dict[str, str]) -> None:
    answer = twin.get("chats/", **headers)
    refused_clearly(answer, str(headers)[:80])
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("method", ["TRACE", "PROPFIND", "X" * 500])
def test_a_method_nobody_knows_is_refused(twin: Program, method: str) -> None:
    refused_clearly(twin.send(method, "chats/"), method[:20])
