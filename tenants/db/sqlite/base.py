"""Django's backend. One transaction writes at a time, so who waited too long is told to come again."""

from __future__ import annotations

from django.db import OperationalError
from django.db.backends.sqlite3 import base
from django.utils.translation import gettext as _

from humana.kernel.errors import Unavailable


class DatabaseWrapper(base.DatabaseWrapper):
    def _start_transaction_under_autocommit(self) -> None:
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]  # django-stubs lack it
        except OperationalError as error:
            if "locked" not in str(error):
                raise
            message = _("Somebody else is writing just now. Try again in a moment.")
            raise Unavailable(message, code="busy") from error
