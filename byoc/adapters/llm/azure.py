"""OpenAI's models in the customer's own resource on Azure. The endpoint's model is a deployment's name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from byoc.adapters.llm.bound import raw
from byoc.adapters.llm.clients import AZURE_MODULES, Client, azure_client
from byoc.adapters.llm.openai_compatible import OpenAICompatible
from byoc.contracts import ModelInfo

if TYPE_CHECKING:
    from openai import AsyncAzureOpenAI


class Azure(OpenAICompatible):
    """`url` is that of the resource: `https://<name>.openai.azure.com`. `api_version` is an option."""

    modules = AZURE_MODULES

    def _connect(self) -> Client:
        return azure_client(self._spec, self._connecting, self._guard)

    async def _probe(self, sdk: AsyncAzureOpenAI) -> None:
        await probe_deployment(sdk, self._spec.model)

    async def models(self) -> tuple[ModelInfo, ...]:
        """Empty: Azure lists what could be deployed, not what is."""
        return ()


async def probe_deployment(sdk: AsyncAzureOpenAI, deployment: str) -> None:
    """Ask it nothing at all: it must say that this is no question (400), and has spent no token.

    There is no way to look at a deployment with the key alone; a wrong key, another region or an unknown
    deployment are refused before the question is looked at.
    """
    async with (
        refused_as_empty(),
        raw(
            sdk.chat.completions.with_streaming_response.create(
                model=deployment, messages=(), max_tokens=1, stream=False
            )
        ),
    ):
        pass


@asynccontextmanager
async def refused_as_empty() -> AsyncIterator[None]:
    """A bad request is what a probe is there for, unless it is the version of the API that is bad."""
    from openai import BadRequestError

    try:
        yield
    except BadRequestError as error:
        if "version" in str(error).lower():  # "API version not supported"
            raise
