"""What is wrong with a file, each with its line and path; told together, so that one look mends all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from humana.kernel.errors import Invalid

#: How many are told at once.
MOST_TOLD = 20


@dataclass(frozen=True, slots=True)
class Problem:
    """`path` is such as `policies[3].audience.teams[0]`; empty where it is about the file."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        told = {"line": self.line, "path": self.path, "message": self.message}
        if not self.path:
            return _("Line %(line)d: %(message)s") % told
        return _("Line %(line)d, %(path)s: %(message)s") % told


class Refused(Invalid):
    """A file that cannot be taken as it is; nothing of it was written."""

    default_code = "bad_structure"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = sorted(problems, key=lambda one: one.line)[:MOST_TOLD]
        self.more = max(len(problems) - MOST_TOLD, 0)
        lines = [str(one) for one in self.problems]
        if self.more:
            lines.append(_("And %(number)d more.") % {"number": self.more})
        super().__init__("\n".join(lines), field=self.problems[0].path or None)
