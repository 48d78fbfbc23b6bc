"""Make, restore and drill backups.

A backup folder holds one pool of attachments by SHA-256, shared by all its backups, and a folder for each backup:

    FOLDER/attachments/aa/aabb…            copied once, verified when copied
    FOLDER/keys/…pem                       the server's key pairs, under the passphrase where one is set
    FOLDER/erasures.jsonl                  what was erased, without names: an older backup is told it again
    FOLDER/2026-11-21T17-00-00Z/           database.sqlite or database.dump, attachments.txt, manifest.json

`manifest.json` is written last: a folder without one was interrupted and is never used.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from flask import current_app

from app.backup.problems import DAMAGED, NO_BACKUP, NOT_EMPTY, OTHER_STORE
from app.backup.stores import Store, examine, store_of
from app.core.db import begin_writing, db
from app.core.disk import flush
from app.core.models import Setting
from app.keys import pairs
from app.keys.operations import from_base64
from app.keys.sealing import Unreadable, unwrap
from app.personal import erasing

FORMAT = 1
SECRETS = "secrets"
ERASURES = "erasures.jsonl"
POOL_REST_S = 86_400


@dataclass(frozen=True)
class Made:
    """A finished backup: its folder, what is in it, how long it took in seconds."""

    folder: Path
    manifest: dict[str, Any]
    seconds: float


@dataclass(frozen=True)
class Drilled:
    """What a drill measured: seconds of data that a loss now would cost, seconds until it would stand again."""

    backup: str
    rpo_s: float
    rto_s: float
    rows: int
    attachments: int
    phone_keys: int  # keys of phones that the backup's key pairs opened


def _store(scratch: Path) -> Store:
    return store_of(str(current_app.config["SQLALCHEMY_DATABASE_URI"]), scratch)


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _place(root: Path, sha256: str) -> Path:
    return root / sha256[:2] / sha256


def make(folder: Path, *, now: datetime, off_host: bool) -> Made:
    """Copy database and attachments into `folder`, examine the copy, then write its manifest.

    off_host    the folder survives the loss of this machine: phones may then forget photos and items that it holds
                (the backed-up watermark moves; docs/sync.md)

    Raises FAILED, DAMAGED, NO_TOOL; the data in use is only read.
    """
    began = time.monotonic()
    name = now.astimezone(UTC).strftime("%Y-%m-%dT%H-%M-%SZ")
    target = folder / name
    target.mkdir(parents=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        store = _store(Path(scratch))
        copy = target / store.file_name
        store.copy_to(copy)
        with store.scratch(copy) as engine:
            found = examine(engine, name)
            # The copy says which files belong to it: one that completes from now on belongs to the next backup.
            wanted = _complete_attachments(engine)
            epoch = _epoch(engine)
    _copy_attachments(wanted, folder / "attachments", name)
    protected = _copy_keys(folder / "keys")
    _merge_lines(erasing.journal(), folder / ERASURES)
    (target / "attachments.txt").write_text("".join(f"{sha}\n" for sha in wanted), "ascii")
    manifest = {
        "format": FORMAT, "made_at": now.astimezone(UTC).isoformat(timespec="seconds"), "store": store.kind, "epoch": epoch,
        "database": store.file_name, "sha256": _sha256(copy), "high_water": found["high_water"], "tables": found["tables"],
        "attachments": len(wanted), "audit_head": found["audit_head"], "secrets": _copy_secrets(target),
        "keys": sorted(protected), "keys_protected": bool(_passphrase()),
        "off_host": off_host,
    }  # fmt: skip
    _write_durably(target / "manifest.json", json.dumps(manifest, indent=1))
    _forget_attachments(folder, now=now)
    if off_host:
        _move_watermark(manifest["high_water"])
    return Made(target, manifest, time.monotonic() - began)


def _complete_attachments(engine: sa.Engine) -> list[str]:
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT DISTINCT coalesce(opened_sha256, sha256) FROM attachments WHERE complete_at IS NOT NULL ORDER BY 1"
        )
        return [row[0] for row in rows]


def _epoch(engine: sa.Engine) -> str | None:
    with engine.connect() as connection:
        return connection.exec_driver_sql("SELECT value FROM settings WHERE name = 'epoch'").scalar()


def _copy_attachments(wanted: list[str], pool: Path, backup: str) -> None:
    source = Path(current_app.config["ATTACHMENTS"])
    for sha in wanted:
        kept = _place(pool, sha)
        if kept.exists():
            continue
        kept.parent.mkdir(parents=True, exist_ok=True)
        half = kept.with_suffix(".part")
        try:
            shutil.copyfile(_place(source, sha), half)
        except FileNotFoundError as error:
            raise DAMAGED(backup=backup, why=f"attachment {sha} is missing") from error
        if _sha256(half) != sha:
            raise DAMAGED(backup=backup, why=f"attachment {sha} has other bytes")
        flush(half)
        half.replace(kept)
        # Phones forget what a backup holds: it must be on the disk, not on its way there.
        flush(kept.parent)


def _forget_attachments(folder: Path, *, now: datetime) -> None:
    """Take from the pool what no backup holds any more: of a backup that was thrown away, photos that were erased here since.

    What another backup may be copying at this moment is younger than a day.
    """
    held = {sha for named in folder.glob("*/attachments.txt") for sha in named.read_text("ascii").split()}
    for file in folder.glob("attachments/??/*"):
        if file.name not in held and now.timestamp() - file.stat().st_mtime > POOL_REST_S:
            file.unlink(missing_ok=True)


def _merge_lines(source: Path, target: Path) -> None:
    """Lines of one file that the other lacks, appended durably."""
    if not source.exists():
        return
    known = target.read_text("ascii").splitlines() if target.exists() else []
    lines = [line for line in source.read_text("ascii").splitlines() if line and line not in set(known)]
    if lines:
        _write_durably(target, "".join(f"{line}\n" for line in [*known, *lines]))


def _passphrase() -> str | None:
    return str(current_app.config["BACKUP_PASSPHRASE"]) or None


def _copy_keys(pool: Path) -> list[str]:
    """The names of the key pairs' files. A backup without them could not open what phones still hold."""
    pairs.all_pairs()
    names = []
    for file in pairs.files(pairs.folder()):
        names.append(file.name)
        # Written anew each time: the passphrase may have been set, or changed, since.
        pairs.put(pool / file.name, pairs.load(file), _passphrase())
    return names


def _open_escrow(manifest: dict[str, Any], backup: Path, engine: sa.Engine) -> int:
    """Open every data key in the copy with the key pairs of the backup; how many there are. Raises DAMAGED."""
    kept: dict[str, pairs.Private] = {}
    for name in manifest.get("keys", []):
        try:
            kept[Path(name).stem.rpartition("-")[2]] = pairs.load(backup.parent / "keys" / name, _passphrase())
        except (OSError, ValueError, TypeError) as error:
            raise DAMAGED(backup=backup.name, why=f"key pair {name}: {error}") from None
    opened = 0
    with engine.connect() as connection:
        for row in connection.execute(sa.text("SELECT id, person_id, pair_id, wrapped FROM device_keys")):
            if row.pair_id not in kept:
                raise DAMAGED(backup=backup.name, why=f"key pair {row.pair_id} is missing")
            try:
                unwrap(from_base64(row.wrapped), kept[row.pair_id], "escrow", row.person_id, row.id)
            except Unreadable:
                raise DAMAGED(backup=backup.name, why=f"the key of a phone, {row.id}") from None
            opened += 1
    return opened


def _write_durably(file: Path, text: str) -> None:
    half = file.with_suffix(".part")
    with half.open("w", encoding="utf-8") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())
    half.replace(file)
    flush(file.parent)


def _move_watermark(high_water: int) -> None:
    begin_writing()
    setting = db.session.get(Setting, "backup_seq")
    if setting is None:
        db.session.add(Setting(name="backup_seq", value=str(high_water)))
    elif int(setting.value) < high_water:
        setting.value = str(high_water)
    db.session.commit()


def latest(folder: Path) -> Path:
    """The newest finished backup of a folder. Raises NO_BACKUP."""
    finished = sorted(manifest.parent for manifest in folder.glob("*/manifest.json"))
    if not finished:
        raise NO_BACKUP(folder=str(folder))
    return finished[-1]


def _manifest(backup: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((backup / "manifest.json").read_text("utf-8")))
    except FileNotFoundError as error:
        raise NO_BACKUP(folder=str(backup)) from error


def verify(backup: Path, store: Store) -> dict[str, Any]:
    """Examine a backup as a restore would meet it: bytes, integrity, counts, every attachment's hash. Raises DAMAGED."""
    manifest = _manifest(backup)
    if manifest["store"] != store.kind:
        raise OTHER_STORE(kept=manifest["store"], used=store.kind)
    file = backup / manifest["database"]
    if not file.exists() or _sha256(file) != manifest["sha256"]:
        raise DAMAGED(backup=backup.name, why="the database file has other bytes")
    _read_secrets(backup, manifest)
    with store.scratch(file) as engine:
        found = examine(engine, backup.name)
        opened = _open_escrow(manifest, backup, engine)
    if found["audit_head"] != manifest.get("audit_head", found["audit_head"]):
        raise DAMAGED(backup=backup.name, why="the chain of what was done has another end")
    if found["tables"] != manifest["tables"]:
        raise DAMAGED(backup=backup.name, why="the counts of rows differ")
    for sha in (backup / "attachments.txt").read_text("ascii").split():
        kept = _place(backup.parent / "attachments", sha)
        if not kept.exists() or _sha256(kept) != sha:
            raise DAMAGED(backup=backup.name, why=f"attachment {sha}")
    return manifest | {"newest": found["newest"], "phone_keys": opened}


def drill(folder: Path, *, now: datetime) -> Drilled:
    """Restore the newest backup into a scratch database, verify all of it, and say what a loss now would cost."""
    backup = latest(folder)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        manifest = verify(backup, _store(Path(scratch)))
    made_at = datetime.fromisoformat(manifest["made_at"])
    return Drilled(
        backup=backup.name, rpo_s=(now - made_at).total_seconds(), rto_s=time.monotonic() - began,
        rows=sum(manifest["tables"].values()), attachments=manifest["attachments"],
        phone_keys=manifest["phone_keys"],
    )  # fmt: skip


def restore(backup: Path, *, replace: bool) -> dict[str, Any]:
    """Put a verified backup in the place of the database in use, under a new epoch so that phones offer again what they hold.

    The server must be stopped. Raises NOT_EMPTY unless `replace`; raises DAMAGED before anything is changed.
    """
    if not replace and (held := _submissions_in_use()):
        raise NOT_EMPTY(submissions=held)
    with tempfile.TemporaryDirectory(dir=backup.parent) as scratch:
        store = _store(Path(scratch))
        manifest = verify(backup, store)
        # What the database names comes first: cut off in the middle, the old one still stands, and a second run goes on.
        _restore_files(backup, manifest)
        db.session.remove()
        db.engine.dispose()
        store.restore(backup / manifest["database"])
    # Phones decide by the new epoch. A backup that lies on this machine's own disk moves no watermark by coming back from it.
    db.session.execute(sa.delete(Setting).where(Setting.name == "epoch"))
    if manifest.get("off_host"):
        db.session.merge(Setting(name="backup_seq", value=str(manifest["high_water"])))
    db.session.commit()
    return manifest


def _restore_files(backup: Path, manifest: dict[str, Any]) -> None:
    """Key pairs, secrets and attachments that are not there, or are there with other bytes."""
    for name in manifest.get("keys", []):
        if not (pairs.folder() / name).exists():
            pairs.put(pairs.folder() / name, pairs.load(backup.parent / "keys" / name, _passphrase()))
    # The newest list of what was erased, whichever backup is put back: `flask person again` reads it.
    _merge_lines(backup.parent / ERASURES, erasing.journal())
    root = Path(current_app.config["ATTACHMENTS"])
    for sha in (backup / "attachments.txt").read_text("ascii").split():
        place = _place(root, sha)
        if place.exists() and _sha256(place) == sha:
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        half = place.with_suffix(".restoring")
        shutil.copyfile(_place(backup.parent / "attachments", sha), half)
        flush(half)
        half.replace(place)
        flush(place.parent)
    for name, text in _read_secrets(backup, manifest).items():
        kept = Path(current_app.config["INSTANCE"]) / name
        if not kept.exists():
            _write_privately(kept, text.encode("ascii"))


# Secrets of the instance folder besides the key pairs


def _copy_secrets(target: Path) -> bool:
    """What signs cookies, beside the database copy; under the passphrase where there is one. Whether there was anything."""
    kept = Path(current_app.config["INSTANCE"]) / "secret_key"
    if not kept.exists():  # given by the environment, which is not ours to copy
        return False
    content = json.dumps({"secret_key": kept.read_text("ascii").strip()}).encode()
    passphrase = _passphrase()
    if passphrase:
        salt = os.urandom(16)
        content = salt.hex().encode() + b"\n" + Fernet(_derived(passphrase, salt)).encrypt(content)
    _write_privately(target / SECRETS, content)
    return True


def _read_secrets(backup: Path, manifest: dict[str, Any]) -> dict[str, str]:
    """Raises DAMAGED when they cannot be read with the passphrase at hand."""
    if not manifest.get("secrets"):
        return {}
    try:
        content = (backup / SECRETS).read_bytes()
        if not content.startswith(b"{"):
            salt, _, sealed = content.partition(b"\n")
            content = Fernet(_derived(_passphrase() or "", bytes.fromhex(salt.decode()))).decrypt(sealed)
        return {str(name): str(text) for name, text in json.loads(content).items() if name == "secret_key"}
    except (OSError, ValueError, InvalidToken) as error:
        raise DAMAGED(backup=backup.name, why=f"the secrets cannot be read: {type(error).__name__}") from None


def _derived(passphrase: str, salt: bytes) -> bytes:
    return base64.urlsafe_b64encode(Scrypt(salt=salt, length=32, n=2**14, r=8, p=1).derive(passphrase.encode()))


def _write_privately(file: Path, content: bytes) -> None:
    half = file.with_suffix(".part")
    half.unlink(missing_ok=True)
    with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    half.replace(file)
    flush(file.parent)


def _submissions_in_use() -> int:
    try:
        return int(db.session.execute(sa.text("SELECT count(*) FROM submissions")).scalar_one())
    except sa.exc.DatabaseError:  # no tables yet: nothing to lose
        db.session.rollback()
        return 0
