"""Servers of tools, spoken with by the official SDK of the Model Context Protocol.

    connecting  a session with one server, on a guarded client or as a program of the installation
    asking      what it lists, and one call
    reading     what a call gave, as text
    noting      what really went wrong below the SDK, which keeps it to itself
    failures    that as an EndpointError with a sentence that says what to change
    service     where somebody signs in for one (OAuth); each step in `stepping`, judged by `trusting`
    tokens      what signing in gives: asked for, made fresh, taken back

The SDK is loaded when the first server is asked.
"""

from byoc.adapters.mcp.asking import call, listing
from byoc.adapters.mcp.service import find_service
from byoc.adapters.mcp.tokens import authorization, exchange, refresh, revoke

__all__ = ["authorization", "call", "exchange", "find_service", "listing", "refresh", "revoke"]
