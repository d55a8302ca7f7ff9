"""Google Cloud Storage."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from byoc.adapters.storage.base import Storage
from byoc.adapters.storage.content import PART, PIECE, Measured, Rejoined
from byoc.adapters.storage.errors import Act, Answer
from byoc.adapters.storage.google_keys import Keys, read_keys
from byoc.adapters.storage.s3 import disposition
from byoc.contracts import EndpointSpec, Item
from humana.kernel.egress import Guard, Origin
from humana.kernel.errors import Misconfigured

URL = "https://storage.googleapis.com"


class GCS(Storage):
    """A bucket, opened by the key of a service account. With the option `emulator` calls carry no token."""

    def __init__(self, spec: EndpointSpec, guard: Guard) -> None:
        super().__init__(spec, guard)
        self.url = (spec.url or URL).rstrip("/")
        origin, given = Origin.of(self.url), spec.credentials.get("service_account", "")
        self._emulated = self._options.emulator
        if not self._options.bucket or not (given or self._emulated):
            raise Misconfigured(f"{spec.name!r} needs a bucket and the key of a service account")
        if self._emulated and not any(one.host in (None, origin.host) for one in guard.grants):
            raise Misconfigured(f"{spec.name!r} is no emulator that an operator granted")
        self._keys = read_keys(given, spec.name) if given else None
        self._times = (self._options.connect_seconds, self._options.seconds)
        self._making = threading.Lock()
        self._made: Any = None

    @property
    def storage(self) -> Any:
        """django-storages' own, for this endpoint alone: nothing in it is from settings or environment."""
        with self._making:
            if self._made is None:
                self._made = self._make()
            return self._made

    def _make(self) -> Any:
        from storages.backends.gcloud import GoogleCloudStorage

        made = GoogleCloudStorage(
            project_id=self._options.project or None,
            credentials=None,
            bucket_name=self._options.bucket,
            custom_endpoint=None,
            location="",
            default_acl=None,
            querystring_auth=True,
            file_overwrite=False,
            object_parameters={},
            iam_sign_blob=False,
            sa_email=None,
        )
        made._client = self._client()  # it has no argument for where to
        return made

    def _client(self) -> Any:
        from google.auth.credentials import AnonymousCredentials
        from google.cloud.storage import Client

        from byoc.adapters.storage.google_wire import guarded_google_session

        nobody: Any = AnonymousCredentials
        credentials = nobody() if self._emulated else self._signer().credentials()
        return Client(
            project=self._options.project or None,
            credentials=credentials,
            client_options={"api_endpoint": self.url},
            _http=guarded_google_session(credentials, self.url, self._guard, self._options),
        )

    def _signer(self) -> Keys:
        if self._keys is None:
            raise Misconfigured(f"{self._spec.name!r} has no key to sign with")
        return self._keys

    def _blob(self, key: str) -> Any:
        return self.storage.bucket.blob(key, chunk_size=PART)

    def _write(self, key: str, content: Measured, media_type: str, replace: bool) -> None:
        first, blob = content.read(PART), self._blob(key)
        source: Any = Rejoined(first, content)
        known: dict[str, Any] = {"content_type": media_type, "retry": None, "timeout": self._times}
        if len(first) < PART:
            source, known["size"] = io.BytesIO(first), len(first)
        if not replace:
            known["if_generation_match"] = 0
        blob.upload_from_file(source, **known)

    def _read(self, key: str) -> Iterator[bytes]:
        blob = self.storage.bucket.get_blob(key, retry=None, timeout=self._times)
        if blob is None:
            raise FileNotFoundError(key)
        if blob.size:  # of nothing no part can be asked for
            with blob.open("rb", chunk_size=PART, retry=None, timeout=self._times) as opened:
                while piece := opened.read(PIECE):
                    yield piece

    def _delete(self, key: str) -> None:
        self.storage.bucket.delete_blob(key, retry=None, timeout=self._times)

    def _find(self, key: str, name: str) -> Item | None:
        found = self.storage.bucket.get_blob(key, retry=None, timeout=self._times)
        return Item(name, found.size, found.updated) if found is not None else None

    def _list(self, begin: str) -> Iterator[Item]:
        found = self.storage.client.list_blobs(
            self._options.bucket, prefix=begin, retry=None, timeout=self._times
        )
        for one in found:
            yield Item(one.name, one.size, one.updated)

    def _sign(self, key: str, seconds: int, filename: str) -> str:
        told = {"response_disposition": disposition(filename)} if filename else {}
        parameters = {
            **told,
            "expiration": timedelta(seconds=seconds),
            "api_access_endpoint": self.url,
            "credentials": self._signer().credentials(),
        }
        url: str = self.storage.url(key, parameters=parameters)
        return url

    def close(self) -> None:
        with self._making:
            made, self._made = self._made, None
        if made is not None:
            made.client._http.close()

    def _is_missing(self, error: Exception, act: Act) -> bool:
        """A bucket that is not there answers the same; listing and writing tell them apart."""
        return act in ("read", "delete") and getattr(error, "code", None) == 404

    def _is_in_the_way(self, error: Exception) -> bool:
        return _status(error) == 412

    def _answer(self, error: Exception) -> Answer | None:
        refused = _of_the_token(error)
        if refused is not None:
            return refused
        status = _status(error)
        return Answer(status, _reason(error)) if status else None


def _status(error: Exception) -> int:
    """Of an error of the API, or of one of the uploads, which are apart."""
    code = getattr(error, "code", None) or getattr(getattr(error, "response", None), "status_code", None)
    return int(code) if isinstance(code, int) else 0


def _reason(error: Exception) -> str:
    errors = getattr(error, "errors", None) or [{}]
    return str(errors[0].get("reason", "")) if isinstance(errors[0], dict) else ""


def _of_the_token(error: Exception) -> Answer | None:
    """The token was refused, so nothing was asked of the storage."""
    if type(error).__name__ != "RefreshError":
        return None
    told = next((one for one in error.args if isinstance(one, dict)), {})
    if not told.get("error"):
        return None
    skewed = "short-lived" in str(told.get("error_description", ""))
    return Answer(400, "requesttimetooskewed" if skewed else "invalid_grant")
