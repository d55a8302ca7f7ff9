"""LDAP, always encrypted: LDAPS, or StartTLS at ldap://. A judged address is dialled, its name checked."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from byoc.adapters.identity import fields
from byoc.adapters.identity import ldap_refusals as refusals
from byoc.adapters.identity.base import DEADLINE, Looked, Refused, _, refused
from byoc.contracts import Finding
from humana.kernel.egress import Origin
from humana.kernel.egress.names import address_of

#: How long the server may take to let us in, and for one answer, in seconds.
CONNECT_SECONDS, ANSWER_SECONDS = 3, 4


class LDAP(Looked):
    """Signs in as the user that was entered and reads one page of its people."""

    asks = fields.LDAP

    async def _look(self) -> AsyncIterator[Finding]:
        async with asyncio.timeout(DEADLINE):
            seen, result = await asyncio.to_thread(self._read)
        if result == refusals.SIZE_LIMIT:
            sentence = _("The directory gives this user no more than %(count)d entries. Let it read all.")
            yield Finding("warn", "limited", sentence, {"count": seen}, "bind_dn")
        elif result == refusals.TIME_LIMIT:
            sentence = _("The directory needs too long to search. Narrow the search base, or the filter.")
            yield Finding("warn", "slow", sentence, field="base")
        elif not seen:
            sentence = _("Nobody is found below the search base. Check it, and the filter.")
            yield Finding("warn", "nobody", sentence, field="base")
        yield Finding("fact", "people", _("%(count)d entries on the first page"), {"count": seen})

    def _read(self) -> tuple[int, int]:
        """How many entries the first page has, and the number of the directory's result."""
        from ldap3.core.exceptions import LDAPException

        connection = self._connected()
        try:
            return self._first_page(connection)
        except (LDAPException, OSError, ValueError) as error:
            raise refusals.of_reading(error) from None
        finally:
            _ended(connection)

    def _connected(self) -> Any:
        """Encrypted and signed in. Raises Refused."""
        from ldap3.core.exceptions import LDAPException

        origin = Origin.of(self.spec.url, ports=self.asks.schemes)
        connection = self._connection(origin)
        try:
            connection.open()
            if origin.scheme == "ldap":
                _encrypted(connection)
            if not connection.bind():  # a referral is not raised, and would leave us in as nobody
                raise refusals.nobody_let_in()
        except (LDAPException, OSError, ValueError) as error:
            _ended(connection)
            raise refusals.of_signing_in(error) from None
        except Refused:
            _ended(connection)
            raise
        return connection

    def _connection(self, origin: Origin) -> Any:
        """Dials nothing yet; always as somebody, also where the user is empty."""
        from ldap3 import SIMPLE, Connection, Server

        tls, at = self._tls(origin.host), address_of(origin, self._guard)
        known = self.spec.credentials
        server = Server(
            at, port=origin.port, use_ssl=origin.scheme == "ldaps", tls=tls, connect_timeout=CONNECT_SECONDS,
            get_info="NO_INFO",
        )  # fmt: skip
        return Connection(
            server, user=known.get("bind_dn", ""), password=known.get("password", ""), read_only=True,
            authentication=SIMPLE, receive_timeout=ANSWER_SECONDS, auto_referrals=False,
            raise_exceptions=True,
        )  # fmt: skip

    def _tls(self, name: str) -> Any:
        from byoc.adapters.identity.ldap_tls import NamedTls

        try:
            return NamedTls(name, str(self.spec.options.get("authority") or ""))
        except (ssl.SSLError, ValueError):
            sentence = _("The authority's certificate cannot be read: it must be in PEM.")
            raise refused("bad_request", sentence, "authority") from None

    def _first_page(self, connection: Any) -> tuple[int, int]:
        options = self.spec.options
        connection.search(
            str(options.get("base", "")),
            str(options.get("filter") or "(objectClass=person)"),
            attributes=["1.1"],
            paged_size=int(options.get("page_size") or 500),
            time_limit=ANSWER_SECONDS,
        )
        seen = sum(one.get("type") == "searchResEntry" for one in connection.response or ())
        result = int((connection.result or {}).get("result", 0))
        if result == refusals.REFERRAL:
            raise refusals.no_base()
        return seen, result


def people_named(name: str, value: str) -> str:
    """A filter for who has this value, whatever is in it: nothing of it is read as a filter."""
    from ldap3.utils.conv import escape_filter_chars

    if not name.replace("-", "").isalnum():
        raise ValueError("this is no name of an attribute")
    return f"({name}={escape_filter_chars(value)})"


def _encrypted(connection: Any) -> None:
    """By StartTLS. Raises Refused where the server does not speak it."""
    from ldap3.core.exceptions import LDAPOperationResult

    try:
        begun = connection.start_tls()
    except LDAPOperationResult:
        begun = False
    if not begun:
        raise refusals.not_encrypted()


def _ended(connection: Any) -> None:
    with suppress(Exception):
        connection.unbind()
