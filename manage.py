#!/usr/bin/env python
"""Django's commands for Humana; `humana.settings.dev` unless told otherwise."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "humana.settings.dev")
    execute_from_command_line(sys.argv)
