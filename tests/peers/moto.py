"""moto as an S3 server with IAM: it checks keys, signatures and who may do what to which bucket.

Of addresses that were signed it does not know what to think while it checks keys; rclone does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from tests.peers.storages import StorageServer, beside

#: Who there is, and what each may do: to a bucket, and to what is in it.
PEOPLE: dict[str, tuple[str, list[str]]] = {
    "a": ("org-a", ["s3:*"]),
    "b": ("org-b", ["s3:*"]),
    "reader": ("org-a", ["s3:ListBucket", "s3:GetObject"]),
    "keeper": ("org-a", ["s3:ListBucket", "s3:GetObject", "s3:PutObject"]),
    "blind": ("org-a", ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]),
}
BUCKETS = ("org-a", "org-b")
#: Requests of ours that come before it asks for keys.
UNCHECKED = 3 * len(PEOPLE) + len(BUCKETS)


class Moto(StorageServer):
    type = "s3"
    _asked = "/moto-api/data.json"

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.keys: dict[str, tuple[str, str]] = {}

    def _command(self) -> Sequence[str | Path]:
        return [beside("moto_server") or "moto_server", "-H", self.host, "-p", str(self.port)]

    def _environment(self) -> Mapping[str, str]:
        return {"INITIAL_NO_AUTH_ACTION_COUNT": str(UNCHECKED)}

    def _furnish(self) -> None:
        iam, s3 = self._client("iam"), self._client("s3")
        for whose, (bucket, actions) in PEOPLE.items():
            iam.create_user(UserName=whose)
            known = iam.create_access_key(UserName=whose)["AccessKey"]
            self.keys[whose] = (known["AccessKeyId"], known["SecretAccessKey"])
            where = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
            rule = {"Effect": "Allow", "Action": actions, "Resource": where}
            policy = json.dumps({"Version": "2012-10-17", "Statement": [rule]})
            iam.put_user_policy(UserName=whose, PolicyName="own", PolicyDocument=policy)
        for bucket in BUCKETS:
            s3.create_bucket(Bucket=bucket)

    def _client(self, service: str) -> Any:
        known = {"aws_access_key_id": "none", "aws_secret_access_key": "none", "region_name": "us-east-1"}
        config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, proxies={})
        return boto3.Session().client(service, endpoint_url=self.url, config=config, **known)

    def _options(self, whose: str) -> dict[str, Any]:
        return {"bucket": PEOPLE[whose][0]}

    def _credentials(self, whose: str) -> dict[str, str]:
        access, secret = self.keys[whose]
        return {"access_key": access, "secret_key": secret}
