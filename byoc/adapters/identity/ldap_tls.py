"""TLS of ldap3 as everywhere else here: the certificate is checked under the name that was entered, alone.

ldap3's own check also takes a certificate for the address that is dialled: whoever bends the name to an
address of theirs has one for that. And it leaves out addresses in a certificate from Python 3.12 on.
"""

from __future__ import annotations

import ssl
from typing import Any

from ldap3 import Tls

from humana.kernel.egress.tls import authorities


class NamedTls(Tls):  # type: ignore[misc] # ldap3 has no types
    """Trusts `authority` (PEM), or where it is empty whom this machine trusts.

    Raises ssl.SSLError or ValueError where it cannot be read.
    """

    def __init__(self, name: str, authority: str = "") -> None:
        super().__init__(validate=ssl.CERT_REQUIRED)
        self._name = name
        if authority:
            self._context = ssl.create_default_context(cadata=authority)
        else:
            self._context = ssl.create_default_context(cafile=authorities())

    def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:
        connection.socket = self._context.wrap_socket(
            connection.socket, do_handshake_on_connect=do_handshake, server_hostname=self._name
        )
