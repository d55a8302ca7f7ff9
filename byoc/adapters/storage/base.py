"""What the storages share: names checked, content measured, every failure in our words."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator
from contextlib import contextmanager

from byoc.adapters.storage.content import Measured
from byoc.adapters.storage.errors import Act, Answer, judged, of_the_network
from byoc.adapters.storage.names import checked, checked_prefix, folder_of
from byoc.adapters.storage.wire import read_options
from byoc.contracts import Content, EndpointSpec, Health, Item, Stored
from humana.kernel.egress import Guard
from humana.kernel.egress.limits import done_within
from humana.kernel.errors import EndpointError, HumanaError


class Storage(ABC):
    """A provider says how it reads and writes by key, and what its errors mean."""

    def __init__(self, spec: EndpointSpec, guard: Guard) -> None:
        self._spec, self._guard = spec, guard
        self._folder = folder_of(spec)
        self._options = read_options(spec)
        self.url = ""

    @property
    def spec(self) -> EndpointSpec:
        return self._spec

    @property
    def bucket(self) -> str:
        """What it is called there that has to exist before anything can be kept."""
        return str(self._spec.options.get("bucket", ""))

    def upload(
        self,
        name: str,
        content: Content,
        media_type: str = "application/octet-stream",
        *,
        replace: bool = False,
    ) -> Stored:
        key, measured = self._key(name), Measured(content)
        if not replace and self._is_taken(key):
            raise FileExistsError(name)
        try:
            with self.in_words("write", name):
                self._write(key, measured, media_type, replace)
        except (HumanaError, OSError):
            if measured.failure is not None:
                raise measured.failure from None
            raise
        return Stored(name, measured.size, measured.digest)

    def download(self, name: str) -> Generator[bytes, None, None]:
        key = self._key(name)
        with self.in_words("read", name):
            yield from self._read(key)

    def delete(self, name: str) -> None:
        key = self._key(name)
        try:
            with self.in_words("delete", name), done_within(self._options.seconds):
                self._delete(key)
        except FileNotFoundError:
            return

    def exists(self, name: str) -> bool:
        return self.find(name) is not None

    def find(self, name: str) -> Item | None:
        """A kept connection that the service closed in that moment is noticed here, and asked anew once."""
        key = self._key(name)
        try:
            return self._found(key, name)
        except EndpointError as error:
            if error.code != "cut":
                raise
        return self._found(key, name)

    def _found(self, key: str, name: str) -> Item | None:
        try:
            with self.in_words("read", name), done_within(self._options.seconds):
                return self._find(key, name)
        except FileNotFoundError:
            return None

    def list(self, prefix: str = "") -> Iterator[Item]:
        begin, skip = self._folder + checked_prefix(prefix), len(self._folder)
        items = self._list(begin)
        while (item := self._next(items)) is not None:
            yield Item(item.name[skip:], item.size, item.modified)

    def _next(self, items: Iterator[Item]) -> Item | None:
        """It may be the first of another page, which is one answer."""
        with self.in_words("list"), done_within(self._options.seconds):
            return next(items, None)

    def signed_url(self, name: str, seconds: int = 300, filename: str = "") -> str:
        with self.in_words("sign"):
            return self._sign(self._key(name), seconds, filename)

    def health(self) -> Health:
        started = time.monotonic()
        try:
            next(self.list("."), None)
        except EndpointError as error:
            return Health(False, time.monotonic() - started, error.code, str(error))
        return Health(True, time.monotonic() - started)

    def close(self) -> None:  # noqa: B027 - most keep connections; a disk has none
        """Nothing is kept open."""

    def _key(self, name: str) -> str:
        return self._folder + checked(name)

    def _is_taken(self, key: str) -> bool:
        """Only a first look: where it cannot be had, writing says more precisely why."""
        try:
            with self.in_words("read"), done_within(self._options.seconds):
                return self._find(key, key) is not None
        except (EndpointError, FileNotFoundError):
            return False

    @contextmanager
    def in_words(self, act: Act, name: str = "") -> Iterator[None]:
        """Whatever a library raises, as EndpointError, FileNotFoundError or FileExistsError."""
        try:
            yield
        except (HumanaError, FileNotFoundError, FileExistsError, GeneratorExit):
            raise
        except Exception as error:  # noqa: BLE001 - of whatever library
            if self._is_missing(error, act):
                raise FileNotFoundError(name) from None
            if self._is_in_the_way(error):
                raise FileExistsError(name) from None
            answer = self._answer(error)
            raise self._told(answer, error, act) from None  # theirs may name addresses and keys

    def _told(self, answer: Answer | None, error: Exception, act: Act) -> EndpointError:
        if answer is None:
            return of_the_network(error, self._spec, act)
        return judged(answer, act, self._spec, self.bucket)

    def _is_missing(self, error: Exception, act: Act) -> bool:
        """Whether it says that there is no such object."""
        return False

    def _is_in_the_way(self, error: Exception) -> bool:
        """Whether it says that the name was taken meanwhile."""
        return False

    def _answer(self, error: Exception) -> Answer | None:
        """What the server answered; None where it did not get so far."""
        return None

    @abstractmethod
    def _write(self, key: str, content: Measured, media_type: str, replace: bool) -> None: ...

    @abstractmethod
    def _read(self, key: str) -> Iterator[bytes]: ...

    @abstractmethod
    def _delete(self, key: str) -> None: ...

    @abstractmethod
    def _find(self, key: str, name: str) -> Item | None: ...

    @abstractmethod
    def _list(self, begin: str) -> Iterator[Item]: ...

    @abstractmethod
    def _sign(self, key: str, seconds: int, filename: str) -> str: ...
