"""Scripts that were made once, kept between starts: making them takes seconds of a processor, and a server that is started
again, or a second one of the same tree, finds them in milliseconds.

Kept beside the code, for they depend on nothing else; who can write there is trusted as who can write the code. What cannot be
read, or was made of something else, is made again; where nothing may be written nothing is kept.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "instance" / "made"
# By which scripts are made; the pinned libraries too.
MAKERS = ("app/core/catalogues.py", "app/core/languages.py", "app/core/s*.py", "app/pwa/*.py", "requirements.txt")


def digest_of(paths: Iterable[Path]) -> str:
    """Of what these files hold, and of what makes scripts of them."""
    found = hashlib.sha256()
    for path in sorted({*paths, *(one for pattern in MAKERS for one in ROOT.glob(pattern))}):
        content = path.read_bytes()
        found.update(f"{path.relative_to(ROOT)} {len(content)}\n".encode())
        found.update(content)
    return found.hexdigest()


def kept(name: str, digest: str, make: Callable[[], Any]) -> Any:
    """What `make` gives, which JSON can hold, or gave when the digest was the same."""
    return orjson.loads(kept_bytes(f"{name}.json", digest, lambda: orjson.dumps(make())))


def kept_bytes(name: str, digest: str, make: Callable[[], bytes]) -> bytes:
    """The same, of bytes; `name`: of the file."""
    path = FOLDER / name
    with suppress(OSError, ValueError):
        head, _, body = path.read_bytes().partition(b"\n")
        if head.decode() == _head(digest, body):
            return body
    made = make()
    with suppress(OSError):
        _write(path, digest, made)
    return made


def _head(digest: str, body: bytes) -> str:
    return f"{digest} {hashlib.sha256(body).hexdigest()}"


def _write(path: Path, digest: str, body: bytes) -> None:
    """In one step: several servers may start at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        file = Path(folder) / path.name
        file.write_bytes(f"{_head(digest, body)}\n".encode() + body)
        os.replace(file, path)
