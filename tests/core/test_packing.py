"""Answers packed as the request takes them (app/core/packing.py): pages, scripts and styles of the phone, files of the office.

P1  brotli for whoever takes it, gzip for who takes that alone (a proxy may take brotli out of the request), else the bytes as
    they are; in all three the same content
P2  what the request prefers decides, brotli where it does not say
P3  no cache gives one reader what another asked for: Vary, and a tag for each encoding
P4  what many ask for at once is packed once
P5  what was packed slowly is found again at the next start, and packed again when its content is another
P6  what is long is packed fast, for whoever waits
P7  what is asked for in turn is packed once, however many there are, within the memory that is said
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import brotli
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app import create_app
from app.core import packing
from app.pwa import assets, made

PLAIN = ("/field/", "/sw.js", "/field/manifest.webmanifest", "/static/img/icon.svg", "/static/css/office.css")
UNPACK: dict[str | None, Callable[[bytes], bytes]] = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}

Ask = Callable[..., TestResponse]


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    folder = tmp_path_factory.mktemp("packing")
    return create_app({"INSTANCE": folder, "SQLALCHEMY_DATABASE_URI": f"sqlite:///{folder / 'daftar.db'}", "SECRET_KEY": "tests"})


@pytest.fixture
def ask(application: Flask) -> Ask:
    """`ask(address, encodings, …headers)`; encodings None: the request says nothing of them."""

    def ask(address: str, encodings: str | None, **headers: str) -> TestResponse:
        said = headers if encodings is None else {"Accept-Encoding": encodings, **headers}
        return application.test_client().get(address, headers=said)

    return ask


def addresses(application: Flask) -> list[str]:
    with application.test_request_context():
        return [*PLAIN, *assets.current().shell[1:3], assets.current().texts("ar")]


@pytest.mark.parametrize(
    ("encodings", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),  # Chromium over HTTPS
        ("gzip, deflate", "gzip"),
        ("gzip, br;q=0", "gzip"),
        ("br;q=0.5, gzip;q=0.8", "gzip"),
        ("br;q=0.8, gzip;q=0.8", "br"),
        ("*", "br"),
        ("*;q=0", None),
        ("deflate", None),
        ("identity", None),
        ("", None),
        (None, None),
    ],
)
def test_what_the_request_takes_decides_how_an_answer_travels(ask: Ask, encodings: str | None, encoding: str | None):  # P1, P2
    answer = ask("/static/css/office.css", encodings)
    assert answer.headers.get("Content-Encoding") == encoding
    assert UNPACK[encoding](answer.data) == (assets.STATIC / "css/office.css").read_bytes()


def test_each_encoding_holds_the_same_and_has_a_tag_of_its_own(application: Flask, ask: Ask):  # P1, P3
    for address in addresses(application):
        answers = {encoding: ask(address, encoding) for encoding in ("br", "gzip", None)}
        contents = {UNPACK[encoding](answer.data) for encoding, answer in answers.items()}
        assert len(contents) == 1, address
        assert len(answers["br"].data) < len(answers["gzip"].data) < len(answers[None].data), address
        assert {answer.headers["Vary"] for answer in answers.values()} == {"Accept-Encoding"}, address
        tags = {encoding: answer.headers["ETag"] for encoding, answer in answers.items()}
        assert len(set(tags.values())) == 3, address
        for encoding, tag in tags.items():
            again = ask(address, encoding, **{"If-None-Match": tag})
            assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag), address
            assert again.headers["Vary"] == "Accept-Encoding", address
        assert ask(address, "br", **{"If-None-Match": tags["gzip"]}).status_code == 200, address


def test_a_part_of_a_file_is_a_part_of_what_it_holds(ask: Ask):  # P1
    answer = ask("/static/css/office.css", "br", Range="bytes=0-9")
    assert (answer.status_code, answer.headers.get("Content-Encoding")) == (206, None)
    assert answer.data == (assets.STATIC / "css/office.css").read_bytes()[:10]


def test_what_many_ask_for_at_once_is_packed_once():  # P4
    content = os.urandom(30_000).hex().encode()
    with ThreadPoolExecutor(8) as readers:
        answers = list(readers.map(lambda _: packing.packed_before(content, "br", packing.SOMETIMES), range(8)))
    assert brotli.decompress(answers[0]) == content
    assert len({id(one) for one in answers}) == 1


def test_what_is_long_is_packed_fast_for_whoever_waits():  # P6
    long = b",".join(b"%d" % n for n in range(200_000))
    assert packing.packed_before(long, "br", packing.SOMETIMES) == packing.packed(long, "br", packing.EACH_TIME)


def test_what_pages_ask_for_in_turn_is_packed_once_and_takes_no_more_memory_than_is_said(monkeypatch: pytest.MonkeyPatch):  # P7
    def ask_for_all(of: bytes) -> list[bytes]:
        return [packing.packed_before(of + b"%d" % n * 40, "br", packing.SOMETIMES) for n in range(200)]

    first = ask_for_all(b"form")
    assert [id(one) for one in ask_for_all(b"form")] == [id(one) for one in first]
    monkeypatch.setattr(packing, "MOST_KEPT", 1000)
    assert brotli.decompress(ask_for_all(b"list")[-1]) == b"list" + b"199" * 40
    assert sum(map(len, packing._kept.values())) <= 1000


def test_what_was_packed_slowly_is_kept_between_starts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):  # P5
    monkeypatch.setattr(made, "FOLDER", tmp_path)

    def script(content: bytes) -> assets.Asset:
        return assets.Asset(content, "text/javascript; charset=utf-8", "app-javascript")

    # As a start before this one left it, to be told from what would be packed now.
    made.kept_bytes("app-javascript.br", f"{script(b'let a=1;').sha256} {packing.EDITION}", lambda: b"of before")
    assert script(b"let a=1;").packed("br") == b"of before"
    assert brotli.decompress(script(b"let a=2;").packed("br")) == b"let a=2;"
    assert brotli.decompress(script(b"let a=1;").packed("br")) == b"let a=1;"
