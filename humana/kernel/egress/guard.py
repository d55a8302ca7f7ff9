"""Who may dial what: origins, grants, the guard that decides, the record of what was dialled."""

from __future__ import annotations

import logging
import re
import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from humana.kernel.egress.addresses import Address, Network, Reach, parse, reach
from humana.kernel.errors import EndpointError

log = logging.getLogger("humana.egress")

DEFAULT_PORTS = {"http": 80, "https": 443}
PUBLIC_PORTS = frozenset({443, 8443})
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(\.(?!-)[a-z0-9_-]{1,63})*")
_UNSEEN = re.compile(r"[^\x21-\x7e]|\\")


class EgressRefused(EndpointError):
    """The guard does not let this out. Says what to change, never what a name resolved to.

    This floor knows no Django: `sentence` is in the catalogue, with places for what is `told`, and who
    shows it to people translates it (`byoc.databases.in_words`).
    """

    default_code = "forbidden"

    def __init__(self, sentence: str, **told: object) -> None:
        super().__init__(sentence % told if told else sentence, permanent=True)
        self.sentence = sentence
        self.told = told


def _(sentence: str) -> str:
    """Only marks what is in the catalogue."""
    return sentence


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port of a URL. The host is lower case, without brackets or a last dot."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str, ports: Mapping[str, int] = DEFAULT_PORTS) -> Origin:
        """Raises EgressRefused on every spelling that two parsers could read differently.

        `ports` are the schemes that make sense, and the port of each where the URL names none.
        """
        if _UNSEEN.search(url):
            raise EgressRefused(_("The address contains a blank or a character outside ASCII."))
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise EgressRefused(_("The address cannot be read as a URL.")) from None
        if parts.scheme not in ports or not host:
            raise _not_of(parts.scheme, ports)
        if "@" in parts.netloc:
            raise EgressRefused(_("Put the key in its own field, not into the address."))
        if "[" in parts.netloc and ":" not in host:  # what is to come after IPv6; nobody reads it alike
            raise EgressRefused(_("The address cannot be read as a URL."))
        return cls(parts.scheme, _clean_host(host), port or ports[parts.scheme])

    def has(self, scheme: str, host: str, port: int | None) -> bool:
        """Whether a URL with these parts is one of this origin."""
        bare = host.strip("[]").rstrip(".").lower()
        return self == Origin(scheme, bare, port or DEFAULT_PORTS.get(scheme, 0))

    @property
    def literal(self) -> Address | None:
        """The address, when the host is one already."""
        try:
            return parse(self.host)
        except ValueError:
            return None


def _not_of(scheme: str, ports: Mapping[str, int]) -> EgressRefused:
    """Says how an address of that kind begins; where it is of none, how the usual ones do."""
    usual = ["https"] if "https" in ports else list(ports)
    begins = " / ".join(f"{one}://" for one in ([scheme] if scheme in ports else usual))
    return EgressRefused(_("The address must begin with %(begins)s and name a host."), begins=begins)


def _clean_host(host: str) -> str:
    host = host.rstrip(".").lower()
    try:
        return str(parse(host))
    except ValueError:
        pass
    if not _NAME.fullmatch(host) or _ends_in_number(host):
        raise EgressRefused(_("The address does not name a host in the usual way."))
    return host


def _ends_in_number(host: str) -> bool:
    """`127.1`, `2130706433`, `0x7f.1`: a name by its look, an address to the resolver."""
    last = host.rpartition(".")[2]
    return last.isdigit() or re.fullmatch(r"0x[0-9a-f]*", last) is not None


@dataclass(frozen=True, slots=True)
class Grant:
    """An operator's permission to dial what is not public, or not https.

    Either `host` (the name, or the literal address), or `network`, or both: then the host must
    resolve into the network. Metadata, link-local and multicast addresses stay closed even so.
    """

    owner: str
    scheme: str
    port: int
    reason: str
    host: str | None = None
    network: Network | None = None

    def __post_init__(self) -> None:
        if self.host is None and self.network is None:
            raise ValueError("a grant names a host, a network, or both")

    @classmethod
    def for_url(cls, url: str, *, owner: str, reason: str) -> Grant:
        origin = Origin.of(url)
        return cls(owner, origin.scheme, origin.port, reason, host=origin.host)

    def covers(self, origin: Origin, address: Address) -> bool:
        return (
            (self.scheme, self.port) == (origin.scheme, origin.port)
            and self.host in (None, origin.host)
            and (self.network is None or address in self.network)
        )


@dataclass(frozen=True, slots=True)
class Dial:
    """One connection that was let out. `rule` is the grant's reason or "public"; `at` is epoch."""

    at: float
    owner: str
    host: str
    address: str
    port: int
    rule: str


#: The latest dials of this process, newest last; the census compares them with the kernel's.
dials: deque[Dial] = deque(maxlen=2_000)


class Guard:
    """Decides for one owner: https to public addresses, the rest only by that owner's grants."""

    def __init__(self, owner: str, grants: Iterable[Grant] = ()) -> None:
        self.owner = owner
        self.grants = tuple(grant for grant in grants if grant.owner == owner)

    def judge(self, origin: Origin, address: Address) -> str:
        """The rule by which `address` may be dialled for `origin`, or EgressRefused."""
        far = reach(address)
        if far is not Reach.NEVER:
            for grant in self.grants:
                if grant.covers(origin, address):
                    return grant.reason
        if far is not Reach.PUBLIC:
            message = _("%(host)s does not lead to a public address; an operator can grant it.")
            self._refuse(origin, address, message)
        if origin.scheme != "https":
            message = _("%(host)s must be reached by https; an operator can grant it.")
            self._refuse(origin, address, message)
        if origin.port not in PUBLIC_PORTS:
            self._refuse(origin, address, _not_on_this_port(), port=origin.port)
        return "public"

    def let_out(self, origin: Origin, address: str, port: int) -> None:
        """Judge what is about to be dialled, and record it."""
        parsed = parse(address)
        if port != origin.port:
            self._refuse(origin, parsed, _not_on_this_port(), port=port)
        rule = self.judge(origin, parsed)
        dials.append(Dial(time.time(), self.owner, origin.host, str(parsed), port, rule))
        log.debug(
            "dial %s (%s) port %d for %s: %s",
            origin.host,
            parsed,
            port,
            self.owner,
            rule,
        )

    def _refuse(self, origin: Origin, address: Address, message: str, **told: object) -> None:
        refused = EgressRefused(message, host=origin.host, **told)
        log.warning("refused %s (%s) for %s: %s", origin, address, self.owner, refused)
        raise refused


def _not_on_this_port() -> str:
    return _("%(host)s may not be reached on port %(port)d; an operator can grant it.")
