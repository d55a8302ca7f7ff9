"""A customer's MariaDB that never ends an answer is given up: PyMySQL keeps the whole of it in memory."""

from __future__ import annotations

import time
from typing import Any

from pymysql.connections import Connection
from pymysql.constants import CR
from pymysql.err import OperationalError

from tenants.db.backend.bounded import MOST_TO_ENTER, PATIENCE

_BLOCK = 64 * 1024


class Bounded(Connection):  # type: ignore[misc]  # PyMySQL tells no types
    """Takes `most` bytes of each answer, within the time that one read may take. Raises OperationalError."""

    most = MOST_TO_ENTER
    _until = float("inf")
    _came = 0

    def connect(self, sock: Any = None) -> None:
        self._begin()
        super().connect(sock)

    def _execute_command(self, command: int, sql: Any) -> None:
        self._begin()
        super()._execute_command(command, sql)

    def _begin(self) -> None:
        self._until = time.monotonic() + (self._read_timeout or PATIENCE)
        self._came = 0

    def _read_bytes(self, num_bytes: int) -> bytes:
        self._came += num_bytes
        if self._came > self.most:
            self._give_up("the answer is larger than allowed")
        parts: list[bytes] = []
        while num_bytes > 0:
            if time.monotonic() > self._until:
                self._give_up("timed out: the answer does not end")
            parts.append(self._some(min(num_bytes, _BLOCK)))
            num_bytes -= len(parts[-1])
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _some(self, most: int) -> bytes:
        """What is there, at least one byte; as PyMySQL has it for what goes wrong."""
        try:
            block: bytes = self._rfile.read1(most)
        except OSError as error:
            self._give_up(f"Lost connection to MySQL server during query ({error})")
        except BaseException:
            self._force_close()
            raise
        if not block:
            self._give_up("Lost connection to MySQL server during query")
        return block

    def _give_up(self, why: str) -> Any:
        self._force_close()
        raise OperationalError(CR.CR_SERVER_LOST, why)
