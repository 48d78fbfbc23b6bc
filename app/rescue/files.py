"""The format of rescue files (docs/encryption.md, "Rescue file").

    DAFTAR-RESCUE-1⏎
    {"kind": …, "bytes": n}⏎        a record: a line of JSON, then n bytes of its own
    …
    {"kind": "end", "records": n}⏎

Everything in it is as the phone keeps it, sealed.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import orjson

from app.rescue import problems

MAGIC = b"DAFTAR-RESCUE-1\n"
LONGEST_LINE = 4 * 1024 * 1024  # an envelope has at most 1 MB, and is written in letters when it is sealed
PIECE = 1024 * 1024

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Body:
    """Bytes that follow a record, where they lie in the file: a phone's photos together are larger than memory."""

    file: BinaryIO
    at: int
    size: int

    def read(self, offset: int, most: int) -> bytes:
        self.file.seek(self.at + offset)
        return self.file.read(min(most, self.size - offset))

    def pieces(self) -> Iterator[bytes]:
        return (self.read(offset, PIECE) for offset in range(0, self.size, PIECE))

    def sha256(self) -> str:
        digest = hashlib.sha256()
        for piece in self.pieces():
            digest.update(piece)
        return digest.hexdigest()


def records(file: BinaryIO) -> Iterator[tuple[Record, Body]]:
    """The records of a file, as far as it goes. Raises NOT_ONE."""
    size_of_all = file.seek(0, os.SEEK_END)
    file.seek(0)
    if file.read(len(MAGIC)) != MAGIC:
        raise problems.NOT_ONE()
    at = len(MAGIC)
    while at < size_of_all:
        file.seek(at)
        line = file.readline(LONGEST_LINE)
        if not line.endswith(b"\n"):
            return
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError:
            return
        if not isinstance(record, dict):
            return
        body, size = at + len(line), record.get("bytes", 0)
        if type(size) is not int or size < 0 or body + size > size_of_all:
            return
        yield record, Body(file, body, size)
        at = body + size


def of_kind(file: BinaryIO, kind: str) -> Iterator[tuple[Record, Body]]:
    return ((record, body) for record, body in records(file) if record.get("kind") == kind)


def rest_of(file: BinaryIO) -> Body:
    """What follows the last whole record: nothing, or the beginning of one that was cut off."""
    end = len(MAGIC)
    for _record, body in records(file):
        end = body.at + body.size
    return Body(file, end, file.seek(0, os.SEEK_END) - end)


def is_whole(file: BinaryIO) -> bool:
    """Whether it reaches its end."""
    return any(of_kind(file, "end"))
