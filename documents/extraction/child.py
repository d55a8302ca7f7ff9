"""The process that reads one document and can do nothing else.

    python -I -B child.py MEDIA_TYPE LIMITS NUMBERS CANVAS <document >messages

It has no environment, no settings, no database. What it needs is loaded first; then it gives up the
right to everything but reading the document and writing its messages, and only then looks at the document.
"""

from __future__ import annotations

import json
import sys
from io import FileIO
from pathlib import Path


def main(media_type: str, limits: str, numbers: str, canvas: str) -> int:
    sys.path.append(str(Path(__file__).resolve().parents[2]))
    from documents.extraction import encodings
    from documents.extraction.confining import confine
    from documents.extraction.contract import Limits
    from documents.extraction.out import Out
    from documents.extraction.readers import read, reader_of

    agreed = Limits(**json.loads(limits))
    reader = reader_of(media_type, json.loads(numbers), json.loads(canvas))
    encodings.load()
    file, out = FileIO(0, closefd=False), Out(1, agreed)
    confine(agreed)
    read(reader, file, out)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
