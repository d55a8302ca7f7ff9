"""TLS to a server by its judged address: the address is dialled, the certificate's name checked."""

from __future__ import annotations

import socket
import ssl
from typing import Any


class _Named(ssl.SSLContext):
    name = ""

    def wrap_socket(self, sock: socket.socket, *args: Any, **options: Any) -> ssl.SSLSocket:
        return super().wrap_socket(sock, *args, **{**options, "server_hostname": self.name})


def checked_against(name: str) -> ssl.SSLContext:
    """A client's context that trusts whom this machine trusts, and only under that name."""
    context = _Named(ssl.PROTOCOL_TLS_CLIENT)
    context.load_default_certs()
    context.name = name
    return context
