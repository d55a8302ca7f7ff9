"""Office documents are ZIP archives. Judged before anything is unpacked; nothing goes to a disk."""

from __future__ import annotations

import stat
import struct
from collections.abc import Iterator
from posixpath import join, normpath
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from documents.extraction.contract import MIB, CannotRead, Limits

CHUNK = 64 * 1024
#: Bytes of the list of what is in an archive: of so many parts as none has.
LONGEST_LIST = 4 * MIB
_END, _TAIL = b"PK\x05\x06", 22 + 65_535
_HEADER = 30
_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff")
#: A compressed part that becomes more than this many times as large is a bomb; small ones may.
MOST_TIMES, SMALL = 1_000, 10 * MIB


class Package:
    """The parts of an office document. CannotRead where it is not made as such are made."""

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        _judge_list(file)
        try:
            self._archive = ZipFile(file)
        except (BadZipFile, NotImplementedError, struct.error) as error:
            raise CannotRead("damaged") from error
        self._parts = {one.filename: one for one in self._archive.infolist()}
        self._left = limits.unpacked
        _judge(self._archive.infolist(), self._archive.start_dir, limits)

    def __contains__(self, name: str) -> bool:
        return name in self._parts

    def pictures(self) -> list[str]:
        """Parts that are images which may have text: the number of one is its place here, from 1."""
        return sorted(name for name in self._parts if name.lower().endswith(_PICTURES))

    def content(self, name: str, most: int) -> bytes:
        """A whole part. CannotRead where it has more bytes than this."""
        gathered = bytearray()
        for piece in self.pieces(name):
            gathered += piece
            if len(gathered) > most:
                raise CannotRead("too_large")
        return bytes(gathered)

    def pieces(self, name: str) -> Iterator[bytes]:
        """A part, piece by piece; what is unpacked is counted as it comes. CannotRead where it is missing."""
        if name not in self._parts:
            raise CannotRead("damaged")
        with self._archive.open(self._parts[name]) as part:
            while piece := part.read(CHUNK):
                self._left -= len(piece)
                if self._left < 0:
                    raise CannotRead("too_large")
                yield piece


def _judge_list(file: BinaryIO) -> None:
    """The archive says at its end how long its list is: a longer one is not even read."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _TAIL))
    tail = file.read(_TAIL)
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + 22:
        raise CannotRead("damaged")
    length = struct.unpack_from("<I", tail, at + 12)[0]
    file.seek(0)
    if length > LONGEST_LIST:
        raise CannotRead("too_large")


def _judge(parts: list[ZipInfo], end: int, limits: Limits) -> None:
    if len(parts) > limits.parts or sum(one.file_size for one in parts) > limits.unpacked:
        raise CannotRead("too_large")
    for one in parts:
        if one.flag_bits & 0x1:
            raise CannotRead("locked")
        if _is_strange(one):
            raise CannotRead("unsafe")
        if one.file_size > SMALL and one.file_size > one.compress_size * MOST_TIMES:
            raise CannotRead("too_large")
    ordered = sorted(parts, key=lambda one: one.header_offset)
    ends = [one.header_offset for one in ordered[1:]] + [end]
    for one, after in zip(ordered, ends, strict=True):
        if one.header_offset + _HEADER + len(one.orig_filename) + one.compress_size > after:
            raise CannotRead("unsafe")


def _is_strange(one: ZipInfo) -> bool:
    """A link, a way out of the archive, or packed as no office document is."""
    steps = one.filename.replace("\\", "/").split("/")
    return (
        stat.S_ISLNK(one.external_attr >> 16)
        or one.compress_type not in {ZIP_STORED, ZIP_DEFLATED}
        or one.filename.startswith(("/", "\\"))
        or ".." in steps
        or ":" in steps[0]
    )


def beside(part: str, target: str) -> str:
    """What a part means by a target: from the root of the archive, or beside itself."""
    return normpath(target.lstrip("/") if target.startswith("/") else join(part.rpartition("/")[0], target))
