"""TLS to a server by its judged address: the address is dialled, the certificate's name checked."""

from __future__ import annotations

import socket
import ssl
from functools import lru_cache
from pathlib import Path
from typing import Any


class _Named(ssl.SSLContext):
    name = ""

    def wrap_socket(self, sock: socket.socket, *args: Any, **options: Any) -> ssl.SSLSocket:
        return super().wrap_socket(sock, *args, **{**options, "server_hostname": self.name})


def authorities() -> str | None:
    """The file of whom this machine trusts, for a driver that does not ask Python; None where none is."""
    known = ssl.get_default_verify_paths()
    for file in (known.cafile, known.openssl_cafile, *_USUAL):
        if file and Path(file).is_file():
            return file
    return None


#: Where distributions keep it: Debian, Red Hat, Alpine and BSD.
_USUAL = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")


@lru_cache(maxsize=1)
def machine_trust() -> ssl.SSLContext:
    """A client's context that trusts whom this machine trusts; the environment is not asked."""
    import httpx2

    return httpx2.create_ssl_context(trust_env=False)


def checked_against(name: str) -> ssl.SSLContext:
    """A client's context that trusts whom this machine trusts, and only under that name."""
    context = _Named(ssl.PROTOCOL_TLS_CLIENT)
    context.load_default_certs()
    context.name = name
    return context
