"""Child processes that never outlive their parent.

Start children from the main thread only: on Linux the death signal is sent when the *thread* that
started the child ends.
"""

from __future__ import annotations

import ctypes
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from humana.kernel.errors import Misconfigured

PR_SET_PDEATHSIG = 1
LOWEST_PORT, HIGHEST_PORT = 20_000, 32_000  # below the range Linux gives to outgoing connections

LARGEST_LOG = 5_000_000  # bytes; checked as a part starts


class CannotStart(Misconfigured):
    """A part did not come up; the message carries the end of its log."""


@dataclass
class Child:
    """A running part and what is needed to stop it and to tell why it died."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    stop_signal: signal.Signals = signal.SIGTERM
    started: float = field(default_factory=time.monotonic)

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def tail(self, lines: int = 15) -> str:
        """The end of the log, indented for the terminal."""
        try:
            with self.log.open("rb") as stream:
                stream.seek(max(0, self.log.stat().st_size - 8_000))
                text = stream.read().decode("utf-8", "replace")
        except OSError:
            return ""
        return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])

    def stop(self, patience: float = 10.0) -> bool:
        """Ask, wait, insist. True when asking was enough."""
        if self.alive:
            self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return False
        return True


def spawn(
    name: str,
    argv: Sequence[str | Path],
    *,
    log: Path,
    environ: Mapping[str, str] | None = None,
    directory: Path | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
    death_signal: signal.Signals = signal.SIGKILL,
    become: Callable[[], None] | None = None,
    stdin: bytes | None = None,
) -> Child:
    """Start `argv` with its output appended to `log`.

    `become` runs in the child before exec, to take another identity. `death_signal` is what the
    child gets when we die without a word: SIGKILL for what keeps nothing, softer for what does.
    A session of its own keeps the terminal's Ctrl-C away from it: we stop it, in our order.
    """
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(log.with_suffix(".old.log"))
    with log.open("ab") as output:
        process = subprocess.Popen(
            [os.fspath(part) for part in argv],
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=None if environ is None else dict(environ),
            cwd=directory,
            start_new_session=True,
            preexec_fn=_prepare(become, death_signal),  # noqa: PLW1509 - one thread, see above
        )
    if stdin is not None and process.stdin is not None:
        process.stdin.write(stdin)
        process.stdin.close()
    return Child(name, process, log, stop_signal)


def die_with_parent(death_signal: signal.Signals) -> None:
    """Ask the kernel to signal this process when its parent dies (Linux; elsewhere nothing)."""
    libc = ctypes.CDLL(None, use_errno=True)
    if hasattr(libc, "prctl"):
        libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)


def _prepare(become: Callable[[], None] | None, death_signal: signal.Signals) -> Callable[[], None]:
    parent = os.getpid()

    def in_child() -> None:
        if become is not None:
            become()
        die_with_parent(death_signal)  # after the change of uid, which clears it
        if os.getppid() != parent:
            os._exit(1)  # the parent died in between

    return in_child


def free_port(lowest: int = LOWEST_PORT, highest: int = HIGHEST_PORT) -> int:
    """A loopback port that nobody listens on just now."""
    for _ in range(200):
        port = random.randint(lowest, highest)  # noqa: S311 - not a secret
        if is_free(port):
            return port
    raise CannotStart("No free loopback port was found.")


def on_free_port(start: Callable[[int], Child]) -> Child:
    """Run `start` with a free port; again when somebody else was quicker to take it."""
    for _ in range(3):
        port = free_port()
        try:
            return start(port)
        except CannotStart:
            if is_free(port):
                raise
    return start(free_port())


def is_free(port: int, address: str = "127.0.0.1") -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


def wait_until(ready: Callable[[], bool], child: Child, *, seconds: float) -> None:
    """Poll `ready` until it holds; CannotStart when the child dies or the time is up."""
    deadline = time.monotonic() + seconds
    pause = 0.01
    while not ready() or not child.alive:  # what answers there may be somebody else
        if not child.alive:
            code = child.process.returncode
            raise CannotStart(f"{child.name} ended at once ({code}):\n{child.tail()}")
        if time.monotonic() > deadline:
            raise CannotStart(f"{child.name} was not ready in {seconds:.0f} s:\n{child.tail()}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.25)
