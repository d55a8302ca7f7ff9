"""Amazon S3, and whatever speaks its protocol."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from byoc.adapters.storage.base import Storage
from byoc.adapters.storage.content import PART, PIECE, Measured
from byoc.adapters.storage.errors import Act, Answer
from byoc.contracts import EndpointSpec, Item
from humana.kernel.egress import Guard, Origin
from humana.kernel.errors import Misconfigured

#: S3 takes 10,000 parts: 80 GiB.
PART_OF_S3 = 2 * PART
REGION = "us-east-1"


class S3(Storage):
    """Addressed by the path of the bucket, so one host answers everything."""

    def __init__(self, spec: EndpointSpec, guard: Guard) -> None:
        super().__init__(spec, guard)
        self._region = self._options.region or spec.region or REGION
        self.url = (spec.url or f"https://s3.{self._region}.amazonaws.com").rstrip("/")
        self._keys = (spec.credentials.get("access_key", ""), spec.credentials.get("secret_key", ""))
        if not all(self._keys) or not self._options.bucket:
            raise Misconfigured(f"{spec.name!r} needs a bucket, an access key and a secret key")
        Origin.of(self.url)
        self._making = threading.Lock()
        self._made: Any = None
        self._conditional = True

    @property
    def storage(self) -> Any:
        """django-storages' own, for this endpoint alone: nothing in it is from settings or environment."""
        with self._making:
            if self._made is None:
                self._made = self._make()
            return self._made

    def _make(self) -> Any:
        from storages.backends.s3 import S3Storage

        from byoc.adapters.storage.boto import guarded_resource

        class OfOneEndpoint(S3Storage):  # type: ignore[misc]  # it has no types
            connection = guarded_resource(self.url, self._region, self._keys, self._guard, self._options)

        known = dict.fromkeys(
            ("security_token", "session_profile", "custom_domain", "cloudfront_key_id", "cloudfront_key",
             "cloudfront_signer", "proxies", "verify", "default_acl", "client_config", "transfer_config")
        )  # fmt: skip
        return OfOneEndpoint(
            **known,
            access_key=self._keys[0],
            secret_key=self._keys[1],
            bucket_name=self._options.bucket,
            endpoint_url=self.url,
            region_name=self._region,
            addressing_style="path",
            signature_version="s3v4",
            file_overwrite=False,
            object_parameters={},
            location="",
            querystring_auth=True,
        )

    @property
    def _client(self) -> Any:
        return self.storage.connection.meta.client

    def _at(self, key: str) -> dict[str, str]:
        return {"Bucket": self._options.bucket, "Key": key}

    def _write(self, key: str, content: Measured, media_type: str, replace: bool) -> None:
        first = content.read(PART_OF_S3)
        if len(first) < PART_OF_S3:
            self._put(self._client.put_object, replace, **self._at(key), Body=first, ContentType=media_type)
        else:
            self._write_parts(key, first, content, media_type, replace)

    def _write_parts(self, key: str, first: bytes, content: Measured, media_type: str, replace: bool) -> None:
        client, at = self._client, self._at(key)
        upload = client.create_multipart_upload(**at, ContentType=media_type)["UploadId"]
        try:
            parts, piece = list[dict[str, Any]](), first
            while piece:
                number = len(parts) + 1
                sent = client.upload_part(**at, UploadId=upload, PartNumber=number, Body=piece)
                parts.append({"PartNumber": number, "ETag": sent["ETag"]})
                piece = content.read(PART_OF_S3)
            done = {"UploadId": upload, "MultipartUpload": {"Parts": parts}}
            self._put(client.complete_multipart_upload, replace, **at, **done)
        except BaseException:
            client.abort_multipart_upload(**at, UploadId=upload)
            raise

    def _put(self, act: Any, replace: bool, **arguments: Any) -> None:
        """Only if nobody took the name meanwhile, where the server knows such a condition."""
        if replace or not self._conditional:
            act(**arguments)
            return
        try:
            act(**arguments, IfNoneMatch="*")
        except Exception as error:
            if (answer := self._answer(error)) is None or answer.status != 501:
                raise
            self._conditional = False
            act(**arguments)

    def _read(self, key: str) -> Iterator[bytes]:
        body = self._client.get_object(**self._at(key))["Body"]
        try:
            yield from body.iter_chunks(PIECE)
        finally:
            body.close()

    def _delete(self, key: str) -> None:
        self._client.delete_object(**self._at(key))

    def _find(self, key: str, name: str) -> Item | None:
        found = self._client.head_object(**self._at(key))
        return Item(name, found["ContentLength"], found["LastModified"])

    def _list(self, begin: str) -> Iterator[Item]:
        pages = self._client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self._options.bucket, Prefix=begin):
            for one in page.get("Contents", ()):
                yield Item(one["Key"], one["Size"], one["LastModified"])

    def _sign(self, key: str, seconds: int, filename: str) -> str:
        told = {"ResponseContentDisposition": disposition(filename)} if filename else {}
        url: str = self.storage.url(key, parameters=told, expire=seconds)
        return url

    def close(self) -> None:
        with self._making:
            if self._made is not None:
                self._made.connection.meta.client._endpoint.http_session.close()

    def _is_missing(self, error: Exception, act: Act) -> bool:
        answer = self._answer(error)
        return answer is not None and answer.word in ("NoSuchKey", "404")

    def _is_in_the_way(self, error: Exception) -> bool:
        answer = self._answer(error)
        return answer is not None and answer.word in ("PreconditionFailed", "ConditionalRequestConflict")

    def _answer(self, error: Exception) -> Answer | None:
        response = getattr(error, "response", None)
        if not isinstance(response, dict) or "ResponseMetadata" not in response:
            return None
        told, meta = response.get("Error", {}), response["ResponseMetadata"]
        region = told.get("Region") or meta.get("HTTPHeaders", {}).get("x-amz-bucket-region", "")
        return Answer(int(meta.get("HTTPStatusCode", 0)), str(told.get("Code", "")), str(region))


def disposition(filename: str) -> str:
    """So that a browser saves it, under that name, whatever alphabet it is in."""
    return f"attachment; filename*=UTF-8''{quote(filename, safe='')}"
