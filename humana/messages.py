"""The catalogue of pt-BR, without GNU gettext, which a bare machine lacks.

python -m humana.messages extract    bring locale/…/django.po up to date with code and templates
python -m humana.messages compile    make the .mo that Django reads
python -m humana.messages check      exit 1 when a text is missing, fuzzy or no longer used
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
PO = ROOT / "locale" / "pt_BR" / "LC_MESSAGES" / "django.po"
SOURCES = ("humana", "tenants", "byoc", "audit", "documents", "companions", "chats", "templates")
#: Function → where its message, plural and context stand, in Babel's notation.
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}


def found() -> Catalog:
    """Every text in code and templates, with where it stands."""
    catalog = Catalog(locale="pt_BR")
    for path in _files():
        for line, message, _comments, context in extract("python", BytesIO(_as_python(path)), KEYWORDS):
            if message and message not in ("", ("", "")):
                catalog.add(message, locations=[(str(path.relative_to(ROOT)), line)], context=context)
    return catalog


def kept() -> Catalog:
    """The catalogue as committed."""
    with PO.open("rb") as file:
        return read_po(file, locale="pt_BR")


def update() -> None:
    """Keep what is translated, add what is new, drop what is gone. Nothing is guessed."""
    catalog = kept() if PO.exists() else Catalog(locale="pt_BR", project="Humana")
    catalog.update(found(), no_fuzzy_matching=True)
    catalog.obsolete.clear()
    PO.parent.mkdir(parents=True, exist_ok=True)
    with PO.open("wb") as file:
        write_po(file, catalog, width=100, sort_output=True, omit_header=False, include_lineno=False)


def build() -> None:
    """Write the .mo beside the .po."""
    with PO.with_suffix(".mo").open("wb") as file:
        write_mo(file, kept())


def problems() -> list[str]:
    """What keeps the catalogue from being complete, a line each."""
    catalog, wanted = kept(), found()
    told = {(message.id, message.context): message for message in catalog if message.id}
    needed = {(message.id, message.context) for message in wanted if message.id}
    lines = [f"not in the catalogue: {key[0]!r}" for key in sorted(needed - told.keys(), key=str)]
    lines += [f"no longer used: {key[0]!r}" for key in sorted(told.keys() - needed, key=str)]
    for message in told.values():
        strings = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
        if message.fuzzy or not all(strings):
            lines.append(f"not translated: {message.id!r}")
        lines += [f"{error}: {message.id!r}" for error in message.check(catalog)]
    return lines


def _files() -> Iterator[Path]:
    for source in SOURCES:
        for path in sorted((ROOT / source).rglob("*")):
            if (
                path.suffix in (".py", ".html", ".txt")
                and "migrations" not in path.parts
                and "demo" not in path.parts
            ):
                yield path


def _as_python(path: Path) -> bytes:
    """Templates become Python the way Django's own tool does it; how they are indented says nothing."""
    text = path.read_text()
    if path.suffix == ".py":
        return text.encode()
    from django.utils.translation.template import templatize

    lines = templatize(text, origin=str(path)).splitlines()
    return "\n".join(line.lstrip() for line in lines).encode()


def main(command: str) -> int:
    if command == "extract":
        update()
    elif command == "compile":
        build()
    elif command == "check":
        lines = problems()
        sys.stdout.write("".join(f"{line}\n" for line in lines))
        return 1 if lines else 0
    else:
        sys.stderr.write(__doc__ or "")
        return 2
    return 0


if __name__ == "__main__":
    from django.conf import settings

    settings.configure()
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
