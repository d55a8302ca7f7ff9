"""The process that reads, from outside: started, listened to, ended."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO

from documents.extraction.contract import MIB, CannotRead, Code, Limits
from documents.extraction.frames import Message, unpacked

CHILD = Path(__file__).with_name("child.py")
CHUNK = 64 * 1024
#: Bytes of a message for each character of a text, at most, and of everything that is no text.
_WIDEST, _BESIDE = 12, MIB
#: What ended a reader. Any other signal: it broke on what it read.
_ENDED_BY: dict[int, Code] = {-signal.SIGXCPU: "too_slow", -signal.SIGKILL: "too_slow"}


class Reader:
    """A process that reads one file. It has that file, a pipe to us, and nothing of ours."""

    def __init__(
        self,
        file: IO[bytes],
        media_type: str,
        limits: Limits,
        *,
        numbers: Sequence[int] = (),
        onto: IO[bytes] | None = None,
        most: int = 0,
    ) -> None:
        """With `onto` it reads nothing, and draws these pictures of the file there: grey, `most` points."""
        self._limits = limits
        canvas = () if onto is None else (onto.fileno(), most)
        told = [media_type, json.dumps(asdict(limits)), json.dumps(list(numbers)), json.dumps(canvas)]
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-B", os.fspath(CHILD), *told],
                stdin=file,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={"HOME": "/"},  # so that nobody is asked where home is
                cwd="/",
                start_new_session=True,
                pass_fds=canvas[:1],
            )
        except OSError as error:
            raise CannotRead("failed") from error

    def messages(self) -> Iterator[Message]:
        """What it says, until it ends. CannotRead where it says or takes more than was agreed."""
        waiting, left = bytearray(), self._limits.text * _WIDEST + _BESIDE
        for piece in self._pieces():
            left -= len(piece)
            if left < 0:
                raise CannotRead("too_complex")
            waiting += piece
            yield from unpacked(waiting)

    def _pieces(self) -> Iterator[bytes]:
        """Bytes as they come. Only our waiting counts: whoever listens may take their time."""
        pipe = self._process.stdout
        assert pipe is not None
        events, seconds = select.poll(), self._limits.seconds
        events.register(pipe, select.POLLIN)
        while True:
            begun = time.monotonic()
            heard = events.poll(max(0.0, seconds) * 1000)
            seconds -= time.monotonic() - begun
            if not heard:
                raise CannotRead("too_slow")
            piece = os.read(pipe.fileno(), CHUNK)
            if not piece:
                return
            yield piece

    def end(self) -> Code:
        """End it with all it may have started; why it had ended, if it had.

        A process that has closed its pipe because it died keeps the reason that it died of. The group
        is ended before its leader is waited for: until then nobody else can have its number.
        """
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        code = self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        return _ENDED_BY.get(code, "too_complex" if code < 0 else "failed")
