"""The server's key pairs, files under instance/keys: the newest wraps new data keys, all of them open old ones.

Losing them before delivery is the one way in which sealing loses data: they are in every backup, and none is ever removed.
"""

from __future__ import annotations

import contextlib
import os
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from flask import current_app

from app.core.disk import flush
from app.keys.sealing import pair_id

Private = ec.EllipticCurvePrivateKey


def folder() -> Path:
    return Path(current_app.config["INSTANCE"]) / "keys"


def files(where: Path) -> list[Path]:
    """Oldest first: a name begins with the moment it was made."""
    return sorted(where.glob("*.pem"))


@lru_cache(maxsize=64)
def _loaded(file: Path, changed: int, passphrase: str | None) -> Private:
    private = load_pem_private_key(file.read_bytes(), passphrase.encode() if passphrase else None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    return private


def load(file: Path, passphrase: str | None = None) -> Private:
    """Raises ValueError or TypeError when the file is damaged or the passphrase wrong."""
    return _loaded(file, file.stat().st_mtime_ns, passphrase)


def all_pairs() -> dict[str, Private]:
    """By id, oldest first. Makes the first one."""
    if not files(folder()):
        make(datetime.now(UTC))
    return {file.stem.rpartition("-")[2]: load(file) for file in files(folder())}


def current() -> tuple[str, Private]:
    return list(all_pairs().items())[-1]


def find(name: str) -> Private | None:
    return all_pairs().get(name)


def make(now: datetime) -> str:
    """A new key pair that is current from now on; its id. On disk when this returns, readable by this user only."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = pair_id(private.public_key())
    put(folder() / f"{now.astimezone(UTC):%Y%m%dT%H%M%S%f}Z-{name}.pem", private)
    return name


def put(file: Path, private: Private, passphrase: str | None = None) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    protection = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    content = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)
    half = file.with_suffix(f".{os.getpid()}.part")
    with contextlib.suppress(FileNotFoundError):
        half.unlink()
    with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    half.replace(file)
    flush(file.parent)
