"""`python -m humana.health_probe`: exit code 0 when this container's web process is ready."""

from __future__ import annotations

import os
import sys
from http.client import HTTPConnection


def main() -> int:
    """Asks loopback only, so it is not a way out of the container."""
    connection = HTTPConnection("127.0.0.1", int(os.environ.get("PORT", "8000")), timeout=4)
    host = os.environ.get("HUMANA_HOSTS", "localhost").split(",")[0]
    try:
        connection.request("GET", "/health/ready", headers={"Host": host})
        return 0 if connection.getresponse().status == 200 else 1
    except OSError:
        return 1


if __name__ == "__main__":
    sys.exit(main())
