"""Azure Blob Storage."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from byoc.adapters.storage.base import Storage
from byoc.adapters.storage.content import PART, Measured, Rejoined
from byoc.adapters.storage.errors import Act, Answer
from byoc.adapters.storage.s3 import disposition
from byoc.adapters.storage.wire import session_to
from byoc.contracts import EndpointSpec, Item
from humana.kernel.egress import Guard, Origin
from humana.kernel.errors import Misconfigured


class AzureBlob(Storage):
    """A container of one account. `url` is the account's, for an emulator with its name as the path."""

    def __init__(self, spec: EndpointSpec, guard: Guard) -> None:
        super().__init__(spec, guard)
        self._key_of_account = spec.credentials.get("account_key", "")
        account = self._options.account
        if not (account and self._options.container and self._key_of_account):
            raise Misconfigured(f"{spec.name!r} needs an account, its key and a container")
        self.url = (spec.url or f"https://{account}.blob.core.windows.net").rstrip("/")
        Origin.of(self.url)
        self._making = threading.Lock()
        self._made: Any = None

    @property
    def bucket(self) -> str:
        return self._options.container

    @property
    def storage(self) -> Any:
        """django-storages' own, for this endpoint alone: nothing in it is from settings or environment."""
        with self._making:
            if self._made is None:
                self._made = self._make()
            return self._made

    def _make(self) -> Any:
        from storages.backends.azure_storage import AzureStorage

        service = self._service()

        class OfOneEndpoint(AzureStorage):  # type: ignore[misc]  # it has no types
            def _get_service_client(self) -> Any:
                return service

        known = dict.fromkeys(("connection_string", "sas_token", "custom_domain", "token_credential"))
        return OfOneEndpoint(
            **known,
            account_name=self._options.account,
            account_key=self._key_of_account,
            azure_container=self._options.container,
            overwrite_files=False,
            location="",
            timeout=int(self._options.seconds),
        )

    def _service(self) -> Any:
        from azure.core.pipeline.transport import RequestsTransport
        from azure.storage.blob import BlobServiceClient

        session = session_to(self.url, self._guard, self._options)
        return BlobServiceClient(
            self.url,
            credential={"account_name": self._options.account, "account_key": self._key_of_account},
            transport=RequestsTransport(
                session=session,
                session_owner=False,
                use_env_settings=False,
                connection_timeout=self._options.connect_seconds,
                read_timeout=self._options.seconds,
            ),
            retry_total=1,
            initial_backoff=0,
            increment_base=1,
            max_single_put_size=PART,
            max_block_size=PART,
            max_single_get_size=PART,
            max_chunk_get_size=PART,
            logging_enable=False,
        )

    def _blob(self, key: str) -> Any:
        return self.storage.client.get_blob_client(key)

    def _write(self, key: str, content: Measured, media_type: str, replace: bool) -> None:
        from azure.storage.blob import ContentSettings

        first = content.read(PART)
        known = {"overwrite": replace, "content_settings": ContentSettings(content_type=media_type)}
        if len(first) < PART:
            self._blob(key).upload_blob(first, length=len(first), **known)
        else:
            self._blob(key).upload_blob(Rejoined(first, content), max_concurrency=1, **known)

    def _read(self, key: str) -> Iterator[bytes]:
        yield from self._blob(key).download_blob(max_concurrency=1).chunks()

    def _delete(self, key: str) -> None:
        self._blob(key).delete_blob(delete_snapshots="include")

    def _find(self, key: str, name: str) -> Item | None:
        found = self._blob(key).get_blob_properties()
        return Item(name, found.size, found.last_modified)

    def _list(self, begin: str) -> Iterator[Item]:
        for one in self.storage.client.list_blobs(name_starts_with=begin):
            yield Item(one.name, one.size, one.last_modified)

    def _sign(self, key: str, seconds: int, filename: str) -> str:
        told = {"content_disposition": disposition(filename)} if filename else {}
        url: str = self.storage.url(key, expire=seconds, parameters=told)
        return url

    def close(self) -> None:
        with self._making:
            made, self._made = self._made, None
        if made is not None:
            made.service_client._pipeline._transport.session.close()

    def _is_missing(self, error: Exception, act: Act) -> bool:
        return str(getattr(error, "error_code", "")) == "BlobNotFound"

    def _is_in_the_way(self, error: Exception) -> bool:
        return str(getattr(error, "error_code", "")) in ("BlobAlreadyExists", "ConditionNotMet")

    def _answer(self, error: Exception) -> Answer | None:
        status = getattr(error, "status_code", None)
        if not isinstance(status, int):
            return None
        word = getattr(error, "error_code", "") or ""
        return Answer(status, str(getattr(word, "value", word)))
