"""What an Alertmanager is told: one alert per key, which ends when it is resolved."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from byoc.contracts import Severity

PATH = "/api/v2/alerts"


def alerts(
    title: str, text: str, severity: Severity, key: str, labels: dict[str, str], resolved: bool
) -> bytes:
    """The labels are the alert's identity, so the severity is none of them: it may change meanwhile."""
    told = {
        "labels": {"alertname": title, "key": key, **labels},
        "annotations": {"summary": title, "description": text, "severity": severity},
    }
    if resolved:
        told |= {"endsAt": datetime.now(UTC).isoformat()}  # type: ignore[dict-item]
    return msgspec.json.encode([told])
