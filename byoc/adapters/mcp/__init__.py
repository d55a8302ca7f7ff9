"""Servers of tools, spoken with by the official SDK of the Model Context Protocol.

    connecting  a session with one server, on a guarded client or as a program of the installation
    asking      what it lists, and one call
    reading     what a call gave, as text
    noting      what really went wrong below the SDK, which keeps it to itself
    failures    that as an EndpointError with a sentence that says what to change

The SDK is loaded when the first server is asked.
"""

from byoc.adapters.mcp.asking import call, listing

__all__ = ["call", "listing"]
