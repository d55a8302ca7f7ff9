"""Gemini's embeddings. It is told what a text is for, and does not count tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from byoc.adapters.embedding.base import SDKEmbedding
from byoc.adapters.llm.clients import GOOGLE_MODULES, Client, google_client
from byoc.adapters.llm.errors import malformed
from byoc.adapters.llm.google import path_of, raw_google
from byoc.contracts import TextKind

if TYPE_CHECKING:
    from byoc.adapters.embedding.vectors import Numbers

_TASKS: dict[TextKind, str] = {"query": "RETRIEVAL_QUERY", "passage": "RETRIEVAL_DOCUMENT"}


class GoogleEmbedding(SDKEmbedding):
    """`url` ends before the version (`api_version`)."""

    modules = GOOGLE_MODULES

    def _connect(self) -> Client:
        return google_client(self._spec, self._connecting, self._guard)

    def _ask(self, sdk: Any, texts: list[str], kind: TextKind) -> Any:
        model = path_of(self._spec.model)
        about: dict[str, Any] = {"model": model, "taskType": _TASKS[kind]}
        if self._options.dimensions:
            about["outputDimensionality"] = self._options.dimensions
        requests = [about | {"content": {"parts": [{"text": text}]}} for text in texts]
        body = {"requests": requests} | self._options.extra_body
        return raw_google(sdk, "post", f"{model}:batchEmbedContents", body)

    def _list(self, sdk: Any) -> Any:
        return raw_google(sdk, "get", "models?pageSize=1000")

    def _retrieve(self, sdk: Any) -> Any:
        return raw_google(sdk, "get", path_of(self._spec.model))

    def _read(self, body: bytes) -> tuple[list[Numbers], int | None]:
        try:
            found = _decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise malformed("its answer is not the JSON we expect") from None
        return [item.values for item in found.embeddings], None


class _Item(msgspec.Struct):
    values: list[float]


class _Answer(msgspec.Struct):
    embeddings: list[_Item]


_decode = msgspec.json.Decoder(_Answer).decode
