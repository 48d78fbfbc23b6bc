"""The formats of docs/encryption.md, byte by byte: what a phone seals with a data key, and how a data key is wrapped.

Pure functions of bytes; which key is whose is decided in operations.py.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SEALED = "sealed-1"  # an item's "encryption"
PIECE = 48 * 1024  # of a sealed file, as the phone stores and sends it; the last may be shorter
HEAD = 1 + 16 + 12  # version, key id, nonce
TAG = 16
_POINT = 65  # an uncompressed point of P-256
_WRAP = 1 + 8 + _POINT + 12 + 32 + TAG


class Unreadable(Exception):
    """These bytes were not sealed so, with this key, for this place."""


def bound_to(kind: str, *names: object) -> bytes:
    """The associated data: what the sealed bytes are, so that they are worth nothing in another place."""
    return " ".join(["daftar-1", kind, *map(str, names)]).encode()


def key_id_of(sealed: bytes) -> str:
    """Which key sealed these bytes. Raises Unreadable."""
    if len(sealed) < HEAD + TAG or sealed[0] != 1:
        raise Unreadable
    return str(UUID(bytes=sealed[1:17]))


def seal(key: bytes, key_id: str, content: bytes, kind: str, *names: object) -> bytes:
    nonce = os.urandom(12)
    aad = bound_to(kind, key_id, *names)
    return b"\x01" + UUID(key_id).bytes + nonce + AESGCM(key).encrypt(nonce, content, aad)


def open_sealed(key: bytes, sealed: bytes, kind: str, *names: object) -> bytes:
    """The content. Raises Unreadable when a byte, the key, the kind or a name differs."""
    key_id = key_id_of(sealed)
    try:
        return AESGCM(key).decrypt(sealed[17:HEAD], sealed[HEAD:], bound_to(kind, key_id, *names))
    except InvalidTag:
        raise Unreadable from None


def open_envelope(key: bytes, sealed: bytes, submission_id: str, revision_id: str, *, most: int) -> bytes:
    """The envelope's JSON, at most `most` + 1 bytes of it. Raises Unreadable."""
    content = open_sealed(key, sealed, "envelope", submission_id, revision_id)
    if content[:1] == b"\x00":
        return content[1:]
    if content[:1] != b"\x01":
        raise Unreadable
    unpack = zlib.decompressobj(31)
    try:
        return unpack.decompress(content[1:], most + 1)
    except zlib.error:
        raise Unreadable from None


def seal_envelope(key: bytes, key_id: str, content: bytes, submission_id: str, revision_id: str) -> bytes:
    return seal(key, key_id, b"\x01" + gzip.compress(content, mtime=0), "envelope", submission_id, revision_id)


def open_file(key: bytes, sealed: bytes, file_id: str) -> bytes:
    """A photo out of its pieces. Raises Unreadable when one is missing, moved or changed."""
    pieces = [sealed[at : at + PIECE] for at in range(0, len(sealed), PIECE)]
    return b"".join(open_sealed(key, piece, "chunk", file_id, n, len(pieces)) for n, piece in enumerate(pieces))


def seal_file(key: bytes, key_id: str, content: bytes, file_id: str) -> bytes:
    size = PIECE - HEAD - TAG
    parts = [content[at : at + size] for at in range(0, len(content), size)]
    return b"".join(seal(key, key_id, part, "chunk", file_id, n, len(parts)) for n, part in enumerate(parts))


# Wraps: a data key for somebody's key pair


def raw_point(public: ec.EllipticCurvePublicKey) -> bytes:
    return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def pair_id(public: ec.EllipticCurvePublicKey) -> str:
    """Sixteen hexadecimal digits that name a key pair."""
    return hashlib.sha256(raw_point(public)).hexdigest()[:16]


def point_from(raw: bytes) -> ec.EllipticCurvePublicKey:
    """Raises Unreadable."""
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    except ValueError:
        raise Unreadable from None


def wrap(data_key: bytes, public: ec.EllipticCurvePublicKey, kind: str, *names: object) -> bytes:
    """A data key that only the owner of this public key opens."""
    once = ec.generate_private_key(ec.SECP256R1())
    info, nonce = bound_to(kind, pair_id(public), *names), os.urandom(12)
    key = HKDF(SHA256(), 32, b"", info).derive(once.exchange(ec.ECDH(), public))
    head = b"\x01" + bytes.fromhex(pair_id(public)) + raw_point(once.public_key())
    return head + nonce + AESGCM(key).encrypt(nonce, data_key, info)


def wrapped_for(wrapped: bytes) -> str:
    """The id of the key pair that opens it. Raises Unreadable."""
    if len(wrapped) != _WRAP or wrapped[0] != 1:
        raise Unreadable
    return wrapped[1:9].hex()


def unwrap(wrapped: bytes, private: ec.EllipticCurvePrivateKey, kind: str, *names: object) -> bytes:
    """The data key. Raises Unreadable."""
    info = bound_to(kind, wrapped_for(wrapped), *names)
    once = point_from(wrapped[9 : 9 + _POINT])
    key = HKDF(SHA256(), 32, b"", info).derive(private.exchange(ec.ECDH(), once))
    try:
        return AESGCM(key).decrypt(wrapped[9 + _POINT : 21 + _POINT], wrapped[21 + _POINT :], info)
    except InvalidTag:
        raise Unreadable from None
