"""Answers as brotli, as gzip or as they are, by what the request takes: the one place that reads Accept-Encoding.

Browsers take brotli over HTTPS and from their own machine only. A proxy that takes it out of the request gets gzip.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from threading import Lock

import brotli
import deflate
from flask import Flask, Response, request

ENCODINGS = ("br", "gzip")  # the smaller first
TEXTS = {"text/css", "text/javascript", "application/json", "image/svg+xml"}


def init_app(app: Flask) -> None:
    app.after_request(_packed_file)


@dataclass(frozen=True)
class Effort:
    """Quality of brotli (0 to 11) and level of libdeflate (1 to 12)."""

    br: int
    gzip: int


# Made once and sent often: of the first script it takes 0.4 s.
ONCE = Effort(br=11, gzip=12)
EDITION = f"brotli {brotli.__version__}, {ONCE.br}"
# Made now and then, while somebody waits: 0.4 s of a form of 1,000 questions; the last quality takes 1 s, for 4 % less.
SOMETIMES = Effort(br=10, gzip=12)
# Made for one reader.
EACH_TIME = Effort(br=5, gzip=6)
# What is longer is packed as for one reader: a list of 5 MB would take 2.8 s, for a fifth less.
MOST_WAITED_FOR = 1024 * 1024


def packed(content: bytes, encoding: str, effort: Effort) -> bytes:
    if encoding == "br":
        return bytes(brotli.compress(content, mode=brotli.MODE_TEXT, quality=effort.br))
    return bytes(deflate.gzip_compress(content, effort.gzip))


MOST_KEPT = 24 * 1024 * 1024  # bytes, packed: all texts of static/ take half a megabyte, the longest list of a form one

_kept: OrderedDict[tuple[bytes, str, Effort], bytes] = OrderedDict()  # the longest unasked first
_keeping = Lock()
_packing = [Lock() for _ in range(16)]


def packed_before(content: bytes, encoding: str, effort: Effort) -> bytes:
    """The same, without doing again what was done lately; once for all the phones that ask for a new form together."""
    effort = effort if len(content) <= MOST_WAITED_FOR else EACH_TIME
    key = (sha256(content).digest(), encoding, effort)
    found = _found(key)
    if found is not None:  # who asks for this waits for nobody who packs something else
        return found
    with _packing[key[0][0] % len(_packing)]:
        found = _found(key)
        if found is None:
            found = packed(content, encoding, effort)
            _keep(key, found)
        return found


def _found(key: tuple[bytes, str, Effort]) -> bytes | None:
    with _keeping:
        if key in _kept:
            _kept.move_to_end(key)
        return _kept.get(key)


def _keep(key: tuple[bytes, str, Effort], content: bytes) -> None:
    with _keeping:
        _kept[key] = content
        while sum(map(len, _kept.values())) > MOST_KEPT:
            _kept.popitem(last=False)


def wanted() -> str:
    """What the request takes, the smaller unless it prefers the other; "" for neither."""
    asked = request.accept_encodings
    best = max(ENCODINGS, key=lambda name: asked[name])
    return best if asked[best] > 0 else ""


def answered(response: Response, pack: Callable[[str], bytes]) -> Response:
    """The response with its body packed as the request wants it; `pack` gives the body in an encoding.

    An ETag set before becomes the encoding's own, and weak: another edition of a library packs the same content otherwise.
    """
    response.vary.add("Accept-Encoding")
    encoding = wanted()
    if encoding:
        response.set_data(pack(encoding))
        response.content_encoding = encoding
        tag, _ = response.get_etag()
        if tag:
            response.set_etag(f"{tag}-{encoding}", weak=True)
    return response


def _packed_file(response: Response) -> Response:
    """Texts of static/, as pages of the office ask for them."""
    if request.endpoint != "static" or response.mimetype not in TEXTS:
        return response
    response.vary.add("Accept-Encoding")
    if response.status_code == 200 and wanted():
        response.direct_passthrough = False
        content = response.get_data()
        answered(response, lambda encoding: packed_before(content, encoding, SOMETIMES))
        response.make_conditional(request)  # Flask has compared the tag of the plain file
    return response
