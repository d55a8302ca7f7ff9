"""LDAP, always encrypted: LDAPS, or StartTLS at ldap://. A judged address is dialled, its name checked."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from byoc.adapters.identity import fields
from byoc.adapters.identity.base import DEADLINE, Looked, _, refused
from byoc.contracts import Finding
from humana.kernel.egress import Origin
from humana.kernel.egress.names import address_of
from humana.kernel.egress.tls import authorities

#: How long the server may take to let us in, and for one answer, in seconds.
CONNECT_SECONDS, ANSWER_SECONDS = 3, 4


class LDAP(Looked):
    """Signs in as the user that was entered and reads one page of its people."""

    asks = fields.LDAP

    async def _look(self) -> AsyncIterator[Finding]:
        async with asyncio.timeout(DEADLINE):
            seen = await asyncio.to_thread(self._read)
        if not seen:
            sentence = _("Nobody is found below the search base. Check it, and the filter.")
            yield Finding("warn", "nobody", sentence, field="base")
        yield Finding("fact", "people", _("%(count)d entries on the first page"), {"count": seen})

    def _read(self) -> int:
        from ldap3.core.exceptions import LDAPException

        connection = self._connected()
        try:
            return self._first_page(connection)
        except (LDAPException, OSError, ValueError) as error:
            raise _meaning(error) from None
        finally:
            _ended(connection)

    def _connected(self) -> Any:
        """Encrypted and signed in. Raises Refused."""
        from ldap3 import Connection, Server
        from ldap3.core.exceptions import LDAPException

        origin = Origin.of(self.spec.url, ports=self.asks.schemes)
        at = address_of(origin, self._guard)
        tls = self._tls(origin.host)
        known = self.spec.credentials
        server = Server(
            at, port=origin.port, use_ssl=origin.scheme == "ldaps", tls=tls, connect_timeout=CONNECT_SECONDS,
            get_info="NO_INFO",
        )  # fmt: skip
        connection = Connection(
            server, user=known.get("bind_dn", ""), password=known.get("password", ""), read_only=True,
            receive_timeout=ANSWER_SECONDS, auto_referrals=False, raise_exceptions=True,
        )  # fmt: skip
        try:
            connection.open()
            if origin.scheme == "ldap":
                connection.start_tls()
            connection.bind()
        except (LDAPException, OSError, ValueError) as error:
            _ended(connection)
            raise _meaning(error) from None
        return connection

    def _tls(self, name: str) -> Any:
        from ldap3 import Tls
        from ldap3.core.exceptions import LDAPException

        authority = str(self.spec.options.get("authority") or "")
        trusted: dict[str, Any] = (
            {"ca_certs_data": authority} if authority else {"ca_certs_file": authorities()}
        )
        try:
            if authority:
                ssl.create_default_context(cadata=authority)
            return Tls(validate=ssl.CERT_REQUIRED, valid_names=[name], sni=name, **trusted)
        except (LDAPException, ssl.SSLError, ValueError):
            sentence = _("The authority's certificate cannot be read: it must be in PEM.")
            raise refused("bad_request", sentence, "authority") from None

    def _first_page(self, connection: Any) -> int:
        options = self.spec.options
        connection.search(
            str(options.get("base", "")),
            str(options.get("filter") or "(objectClass=person)"),
            attributes=["1.1"],
            paged_size=int(options.get("page_size") or 500),
            time_limit=ANSWER_SECONDS,
        )
        return sum(one.get("type") == "searchResEntry" for one in connection.response or ())


def people_named(name: str, value: str) -> str:
    """A filter for who has this value, whatever is in it: nothing of it is read as a filter."""
    from ldap3.utils.conv import escape_filter_chars

    if not name.replace("-", "").isalnum():
        raise ValueError("this is no name of an attribute")
    return f"({name}={escape_filter_chars(value)})"


def _ended(connection: Any) -> None:
    from contextlib import suppress

    with suppress(Exception):
        connection.unbind()


def _meaning(error: Exception) -> Exception:
    """What to change, by the class of the error; the server's own words are told to nobody."""
    from ldap3.core import exceptions as known

    wrong = partial(refused)
    if isinstance(error, known.LDAPInvalidCredentialsResult | known.LDAPPasswordIsMandatoryError):
        return wrong(
            "unauthorized", _("The directory refuses the user or the password. Check both."), "password"
        )
    if isinstance(
        error, known.LDAPNoSuchObjectResult | known.LDAPInvalidDNSyntaxResult | known.LDAPInvalidDnError
    ):
        return wrong("no_base", _("There is no such search base in the directory. Check it."), "base")
    if isinstance(error, known.LDAPInvalidFilterError):
        return wrong("bad_request", _("The filter cannot be read. Check its brackets."), "filter")
    if isinstance(error, known.LDAPInsufficientAccessRightsResult):
        return wrong(
            "unauthorized", _("The user may not read there. Let it read the search base."), "bind_dn"
        )
    if (
        isinstance(error, known.LDAPStartTLSError | known.LDAPCertificateError)
        or "certificate" in str(error).lower()
    ):
        sentence = _("No encrypted connection could be made. Check the directory's certificate and its name.")
        return wrong("not_certified", sentence, "url")
    return wrong("unreachable", _("The directory does not answer. Check address, port and firewall."), "url")
