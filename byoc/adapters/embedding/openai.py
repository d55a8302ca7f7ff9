"""OpenAI's embeddings: its own, in a resource on Azure, and on every server with an /embeddings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import msgspec

from byoc.adapters.embedding.base import SDKEmbedding
from byoc.adapters.llm.azure import refused_as_empty
from byoc.adapters.llm.bound import raw
from byoc.adapters.llm.clients import AZURE_MODULES, OPENAI_MODULES, Client, azure_client, openai_client
from byoc.adapters.llm.errors import malformed
from byoc.contracts import TextKind

if TYPE_CHECKING:
    from openai import AsyncAzureOpenAI, AsyncOpenAI

    from byoc.adapters.embedding.vectors import Numbers


class CompatibleEmbedding(SDKEmbedding):
    """Any server that speaks OpenAI's protocol. Its `url` ends with `/v1` where the service has it."""

    modules = OPENAI_MODULES
    knows_its_models = False
    encoding: ClassVar[Literal["float", "base64"]] = "float"  # every server knows it

    def _connect(self) -> Client:
        return openai_client(self._spec, self._connecting, self._guard)

    def _ask(self, sdk: AsyncOpenAI, texts: list[str], kind: TextKind) -> Any:
        extra = dict(self._options.extra_body)
        if self._options.dimensions:
            extra["dimensions"] = self._options.dimensions
        create = sdk.embeddings.with_streaming_response.create
        return raw(
            create(model=self._spec.model, input=texts, encoding_format=self.encoding, extra_body=extra)
        )

    def _list(self, sdk: AsyncOpenAI) -> Any:
        return raw(sdk.models.with_streaming_response.list())

    def _retrieve(self, sdk: AsyncOpenAI) -> Any:
        return raw(sdk.models.with_streaming_response.retrieve(self._spec.model))

    def _read(self, body: bytes) -> tuple[list[Numbers], int | None]:
        try:
            found = _decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise malformed("its answer is not the JSON we expect") from None
        ordered = sorted(found.data, key=lambda item: item.index)
        return [item.embedding for item in ordered], found.usage.prompt_tokens if found.usage else None


class OpenAIEmbedding(CompatibleEmbedding):
    """OpenAI's own service: it knows its models and packs its numbers."""

    knows_its_models = True
    encoding = "base64"


class AzureEmbedding(CompatibleEmbedding):
    """`url` is that of the resource, the model is a deployment's name."""

    modules = AZURE_MODULES
    encoding = "base64"

    def _connect(self) -> Client:
        return azure_client(self._spec, self._connecting, self._guard)

    async def _probe(self, sdk: AsyncAzureOpenAI) -> None:
        async with (
            refused_as_empty(),
            raw(sdk.embeddings.with_streaming_response.create(model=self._spec.model, input=[])),
        ):
            pass


class _Item(msgspec.Struct):
    embedding: list[float] | str
    index: int = 0


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None


class _Answer(msgspec.Struct):
    data: list[_Item]
    usage: _Usage | None = None


_decode = msgspec.json.Decoder(_Answer).decode
