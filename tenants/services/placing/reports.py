"""The signed reports of placement jobs: what was set up, moved or cleared, with counts and digests.

Each is a file of its organization, so that people can take the proof along; the job has the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from humana.kernel.crypto import associated, derived_key, same, sign
from tenants.context import use_tenant
from tenants.models import PlacementJob
from tenants.queries import report_file

Report = Mapping[str, Any]


def keep(job: PlacementJob, *, state: str) -> None:
    """Sign the report of a job that ends so, and put it among the organization's files. May be repeated."""
    told = _told(job, state)
    job.signature = _signature(told)
    if job.organization is None:
        return
    name = report_file(job.id)
    with use_tenant(job.organization.context):
        default_storage.delete(name)
        default_storage.save(name, ContentFile(_text(told, job.signature)))


def document_of(job: PlacementJob) -> bytes:
    """The same, of a job that is over: for operators, also when the organization and its files are gone."""
    return _text(_told(job, job.state), job.signature)


def is_genuine(job: PlacementJob) -> bool:
    """Whether the job's report is as it was signed."""
    return same(job.signature, _signature(_told(job, job.state)))


def is_report_genuine(report: Report) -> bool:
    """Whether what a file says is as it was signed; anything else than a report is not."""
    rest = {name: value for name, value in report.items() if name != "signature"}
    return same(str(report.get("signature", "")), _signature(rest))


def _told(job: PlacementJob, state: str) -> dict[str, Any]:
    told = {
        "job": str(job.id),
        "organization": job.slug,
        "kind": job.kind,
        "state": state,
        "finished_at": job.finished_at.isoformat() if job.finished_at else "",
        "report": job.report,
    }
    plain: dict[str, Any] = json.loads(json.dumps(told, default=str))
    return plain


def _text(told: Report, signature: str) -> bytes:
    return json.dumps({**told, "signature": signature}, indent=2, sort_keys=True, ensure_ascii=False).encode()


def _signature(told: Report) -> str:
    """Over every word, so over whose report it is and when it was made too."""
    text = json.dumps(told, sort_keys=True)
    return sign(associated("placement-report", text), key=derived_key("placement-report"))
