"""Figures as a file: a line for each day, then for each companion on it; no cell is a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import date

from audit.cells import safe_cell
from companions.intelligence.reading import Known
from companions.intelligence.tally import Tally

#: What stands in the columns of a tally, by their names.
FIGURES = (
    "answers",
    "failed",
    "success",
    "first_50",
    "first_95",
    "whole_50",
    "whole_95",
    "sessions",
    "messages",
    "shares",
    "handoffs",
    "accepted",
    "opinions",
    "satisfaction",
    "knowledge",
    "tools",
)
COLUMNS = ("day", "companion_id", "companion", *FIGURES)

Rows = Iterable[tuple[date, Known | None, Tally]]


def as_csv(rows: Rows) -> bytes:
    """Without a companion: everybody's figures. Shares from 0 to 1, times in milliseconds; empty is none."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    for day, who, tally in rows:
        names = (str(who.id), who.name) if who else ("", "")
        values = (getattr(tally, name) for name in FIGURES)
        writer.writerow([safe_cell(one) for one in (day.isoformat(), *names, *map(_short, values))])
    return out.getvalue().encode()


def _short(value: float | None) -> float | None:
    return round(value, 4) if isinstance(value, float) else value
