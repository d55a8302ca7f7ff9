"""One JSON line per event, stamped with the organization and the request; never a person's text."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

from humana.kernel.actor import current_actor
from tenants.context import peek_tenant

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "organization", "request_id"}


class ContextFilter(logging.Filter):
    """Adds where and for whom a record was made, unless it says so itself."""

    def filter(self, record: logging.LogRecord) -> bool:
        tenant = peek_tenant()
        if not hasattr(record, "organization"):  # a span or a sweep says whose it is
            record.organization = str(tenant.organization_id) if tenant else ""
        record.request_id = current_actor().request_id
        return True


class JsonFormatter(logging.Formatter):
    """json.dumps escapes line ends and control characters, so nobody can forge a second line."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "organization": getattr(record, "organization", ""),
            "request_id": getattr(record, "request_id", ""),
        }
        line.update({k: _plain(v) for k, v in vars(record).items() if k not in _STANDARD})
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps({k: v for k, v in line.items() if v != ""}, default=str)


def _plain(value: object) -> object:
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
