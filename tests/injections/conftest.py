from __future__ import annotations

from typing import Any

from tests.injections.tally import TOLD, line


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if TOLD["played"]:
        terminalreporter.write_line("")
        terminalreporter.write_line(line())
