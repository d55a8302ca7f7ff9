"""`make up`: everything Humana needs, on this machine, with one command.

    python -m humana.up [--services-only] [--with-parent]

Starts PostgreSQL, Valkey and the built-in model, each unless the environment names another
(DATABASE_URL, REDIS_URL, HUMANA_LLM_URL or a provider's key), migrates, seeds the demo, starts
web, worker and beat, and watches over them until Ctrl-C. What runs where is told in
`$HUMANA_HOME/run.json`, which `manage.py` reads in any other shell.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from humana import env
from humana.embedded import secrets, web
from humana.embedded.model import Model, installed
from humana.embedded.postgres import Postgres
from humana.embedded.process import CannotStart, Child, die_with_parent, spawn, wait_until
from humana.embedded.supervisor import Supervisor
from humana.embedded.valkey import Valkey
from humana.kernel.errors import HumanaError, Misconfigured

WORKER = (
    *("celery", "-A", "humana", "worker", "--pool", "threads", "--concurrency", "4"),
    *("--loglevel", "INFO", "--without-gossip", "--without-mingle"),  # it is the only one
)
BEAT = ("celery", "-A", "humana", "beat", "--pidfile=", "--schedule")
KEPT = ("SECRET_KEY", "HUMANA_SEAL_KEY", "HUMANA_DEMO_PASSWORD")
STOP_ORDER = ("web", "worker", "beat", "the built-in model", "Valkey", "PostgreSQL")
MODEL_SETTINGS = ("HUMANA_LLM_URL", "OPENAI_API_KEY", "ANTHROPIC_API_KEY")
DEMO_SIGN_INS = (
    "ana@aurora.example",
    "bruno@boreal.example",
    "carla@cerrado.example",
    "operator@humana.example",
)


class Stop(BaseException):
    """Ctrl-C or a polite signal: leave in order. No Exception, so that nothing swallows it."""


class Launcher:
    def __init__(self, home: Path) -> None:
        self.home = home
        self.began = time.monotonic()
        self.parts = Supervisor(self.say, stop_order=STOP_ORDER)
        self.secrets: dict[str, str] = {}
        self.facts: dict[str, str] = {}
        self.model: Model | None = None

    def say(self, line: str) -> None:
        with suppress(OSError):  # the terminal may be gone by now
            print(f"{time.monotonic() - self.began:6.1f} s  {line}", flush=True)

    def run(self, *, services_only: bool) -> int:
        """Bring everything up, watch until told to stop, take everything down."""
        try:
            self.start(services_only=services_only)
            while True:
                self.parts.watch()
                time.sleep(0.5)
        except Stop:
            return 0
        except HumanaError as error:
            self.say(f"stopped: {error}")
            return 1
        finally:
            self.stop()

    def start(self, *, services_only: bool) -> None:
        self.secrets = secrets.keep(self.home)
        self.note(state="starting")
        self.start_database()
        self.start_valkey()
        self.start_model()
        self.note(state="starting")
        if not services_only:
            self.start_humana()
        if self.model is not None:
            self.model.wait()
        self.note(state="running")
        self.greet(services_only=services_only)

    def stop(self) -> None:
        """Every part, in order; a second Ctrl-C makes it short."""
        try:
            self.say("stopping")
            self.parts.stop()
        except Stop:
            self.parts.kill()
        finally:
            self.facts = {}
            self.note(state="stopped")
            self.say("stopped; the data stays in " + str(self.home))

    # The parts we bring along

    def start_database(self) -> None:
        if env.given("DATABASE_URL"):
            schemes = ("postgresql", "postgres")
            for name in ("DATABASE_URL", "DATABASE_OWNER_URL"):
                self.facts[name] = env.url(name, "", schemes=schemes)
            return self.say("PostgreSQL: the one DATABASE_URL names")
        postgres = Postgres(self.home, self.secrets)
        self.parts.add("PostgreSQL", postgres.start, vital=True)
        postgres.prepare()
        self.facts["DATABASE_URL"] = postgres.url("app")
        self.facts["DATABASE_OWNER_URL"] = postgres.url("owner")
        elsewhere = "" if self.home in postgres.data.parents else f", data in {postgres.data}"
        return self.say(f"PostgreSQL on port {postgres.port}{elsewhere}")

    def start_valkey(self) -> None:
        if env.given("REDIS_URL"):
            self.facts["REDIS_URL"] = env.url("REDIS_URL", "", schemes=("redis", "rediss", "unix"))
            return self.say("Redis: the one REDIS_URL names")
        valkey = Valkey(self.home, self.secrets["valkey"])
        self.parts.add("Valkey", valkey.start, vital=True)
        self.facts["REDIS_URL"] = valkey.url
        return self.say(f"Valkey on port {valkey.port}")

    def start_model(self) -> None:
        named = next((name for name in MODEL_SETTINGS if env.given(name)), None)
        if named:
            env.url("HUMANA_LLM_URL", schemes=("http", "https"))
            told = ("HUMANA_LLM_URL", "HUMANA_LLM_KEY", "HUMANA_LLM_MODEL")
            self.facts |= {name: env.required(name) for name in told if env.given(name)}
            return self.say(f"language model: the one {named} names")
        if not installed():
            return self.say("no built-in model for this machine: set HUMANA_LLM_URL")
        model = Model(self.home, self.secrets["model"])
        self.parts.add("the built-in model", model.launch)
        self.facts |= {
            "HUMANA_LLM_URL": model.url,
            "HUMANA_LLM_KEY": model.key,
            "HUMANA_LLM_MODEL": model.name,
            "HUMANA_LLM_BUILTIN": "1",
        }
        self.model = model
        return self.say(f"built-in model {model.name} loads on port {model.port}")

    # Humana itself

    def start_humana(self) -> None:
        """Web comes up while the database is brought up to date; the others need it done."""
        port = web.choose_port()
        self.facts |= {"PORT": str(port), "HUMANA_URL": f"http://127.0.0.1:{port}"}
        self.note(state="starting")
        server = self.parts.add("web", lambda: self.child("web", *web.command(port)))
        self.prepare()
        self.parts.add("worker", lambda: self.child("worker", *WORKER))
        self.parts.add("beat", lambda: self.child("beat", *BEAT, str(self.home / "beat.db")))
        wait_until(lambda: web.is_ready(port), server, seconds=90)

    def prepare(self) -> None:
        """Migrate and seed, each where it is wanted; CannotStart with what went wrong."""
        steps = []
        if self.facts.get("DATABASE_OWNER_URL"):
            steps.append("--migrate")
        else:
            self.say("DATABASE_OWNER_URL is not set: the database is taken as it is")
        if env.flag("HUMANA_DEMO", default=True):
            steps.append("--demo")
        child = self.child("prepare", "humana.prepare", *steps)
        try:
            code = child.process.wait()
        except Stop:
            child.stop()
            raise
        if code:
            raise CannotStart(f"The database could not be prepared ({code}):\n{child.tail(30)}")
        self.say("database is up to date")

    def child(self, name: str, module: str, *arguments: str) -> Child:
        return spawn(
            name,
            [sys.executable, "-m", module, *arguments],
            log=self.home / "logs" / f"{name}.log",
            environ=self.environment(),
            directory=env.REPOSITORY,
        )

    def environment(self) -> dict[str, str]:
        """Children read run.json like everybody else; they only need to know where it is."""
        inherited = dict(os.environ)
        inherited.pop("PYTHONDONTWRITEBYTECODE", None)  # compiling Django anew is half of a start
        return {"PYTHONUNBUFFERED": "1"} | inherited | {"HUMANA_HOME": str(self.home)}

    # What we tell

    def note(self, *, state: str) -> None:
        """Tell other shells what runs where; keys stay known when nothing runs."""
        kept = {
            name: env.required(name) if env.given(name) else secret
            for name, secret in self.secrets.items()
            if name in KEPT
        }
        told = {name: value for name, value in self.facts.items() if value}
        about = {
            "HUMANA_STATE": state,
            "HUMANA_LAUNCHER": str(os.getpid()),
            "HUMANA_SINCE": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        secrets.write_private(self.home / "run.json", about | kept | told)

    def greet(self, *, services_only: bool) -> None:
        if services_only:
            return self.say(f"services run; their addresses are in {env.run_file()}")
        lines = [f"Humana   {self.facts['HUMANA_URL']}"]
        if env.flag("HUMANA_DEMO", default=True):
            lines.append(f"sign in  {', '.join(DEMO_SIGN_INS)}")
            lines.append(f"password {env.text('HUMANA_DEMO_PASSWORD')}")
        lines += [f"logs     {self.home / 'logs'}", "Ctrl-C stops everything"]
        return self.say("ready\n\n" + "".join(f"  {line}\n" for line in lines))


@contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Hold the home for this launcher. The lock goes with the process, however that ends."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            where = env.text("HUMANA_URL", "its web address is not known yet")
            launcher = env.text("HUMANA_LAUNCHER", "unknown")
            raise Misconfigured(
                f"Humana already runs here: {where} (process {launcher}, data in {home})."
            ) from None
        yield


def on_signals(handler: Callable[[int, FrameType | None], None]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, handler)


def leave(number: int, frame: FrameType | None) -> None:
    raise Stop


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m humana.up", description=__doc__)
    parser.add_argument("--services-only", action="store_true", help="neither migrate nor serve")
    parser.add_argument("--with-parent", action="store_true", help="stop when the parent ends")
    chosen = parser.parse_args()
    if chosen.with_parent:
        die_with_parent(signal.SIGTERM)
    on_signals(leave)
    home = env.home()
    os.environ["HUMANA_HOME"] = str(home)
    try:
        with only_one(home):
            return Launcher(home).run(services_only=chosen.services_only)
    except HumanaError as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"HUMANA_HOME should be a directory that we may write: {error}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
