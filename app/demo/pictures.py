"""Small pictures to stand for photos: drawn patterns of a carpet, so that nobody takes them for a real place or person."""

from __future__ import annotations

import random
import struct
import zlib

_GROUNDS = ((0x8C, 0x2F, 0x2A), (0x2E, 0x4A, 0x6B), (0x6B, 0x4A, 0x2E), (0x1F, 0x5A, 0x45), (0x7A, 0x5C, 0x1E))
_YARNS = ((0xF2, 0xE6, 0xC9), (0xD9, 0x8E, 0x1F), (0x1C, 0x1C, 0x1C), (0xB5, 0x3A, 0x2C))


def carpet(seed: str, width: int = 480, height: int = 360) -> bytes:
    """A PNG of a few kilobytes; the same seed gives the same bytes."""
    choose = random.Random(seed)
    palette = [choose.choice(_GROUNDS), *choose.sample(_YARNS, 3)]
    cell, knot = choose.choice((40, 48, 60)), choose.choice((4, 6))
    rows = []
    for y in range(0, height, knot):
        line = b"".join(bytes([_yarn(x, y, width, height, cell)]) * min(knot, width - x) for x in range(0, width, knot))
        rows += [b"\0" + line] * min(knot, height - y)
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = (
        (b"IHDR", header),
        (b"PLTE", b"".join(bytes(colour) for colour in palette)),
        (b"IDAT", zlib.compress(b"".join(rows), 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _yarn(x: int, y: int, width: int, height: int, cell: int) -> int:
    """Which yarn a knot is of: a border, and diamonds inside diamonds."""
    edge = min(x, y, width - 1 - x, height - 1 - y)
    if edge < cell // 2:
        return 1 if (x + y) // (cell // 4) % 2 else 2
    distance = abs(x % cell - cell // 2) + abs(y % cell - cell // 2)
    return (0, 3, 1, 0)[min(3, distance * 4 // cell)]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
