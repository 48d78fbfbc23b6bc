"""Key pairs are data: in every backup, and the drill opens every phone's key with them (docs/backup.md)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from app.backup import operations as backup
from app.core.problems import Problem
from app.keys import pairs
from tests.conftest import NOW, Someone, settle
from tests.keys.phone import SealingPhone


@pytest.fixture
def kept(app, amina: Someone, tmp_path: Path) -> Path:
    """A backup after a phone was enrolled, under a passphrase."""
    SealingPhone.sign_in(amina)
    app.config["BACKUP_PASSPHRASE"] = "sous la pierre"
    settle()
    backup.make(tmp_path / "backups", now=NOW, off_host=False)
    return tmp_path / "backups"


def test_the_drill_opens_the_key_of_every_phone(app, kept: Path):
    assert backup.drill(kept, now=NOW).phone_keys == 1
    [file] = (kept / "keys").glob("*.pem")
    with pytest.raises(TypeError):
        load_pem_private_key(file.read_bytes(), None)


@pytest.mark.sqlite_only
def test_a_backup_without_its_key_pairs_or_under_another_passphrase_is_called_damaged(app, kept: Path):
    app.config["BACKUP_PASSPHRASE"] = "une autre"
    with pytest.raises(Problem):
        backup.drill(kept, now=NOW)
    shutil.rmtree(kept / "keys")
    with pytest.raises(Problem):
        backup.drill(kept, now=NOW)


@pytest.mark.sqlite_only
def test_a_restore_brings_the_key_pairs_back_and_old_phones_deliver(app, amina: Someone, kept: Path):
    phone = SealingPhone.sign_in(amina)
    settle()
    backup.make(kept, now=NOW.replace(hour=18), off_host=False)
    for file in pairs.files(pairs.folder()):
        file.unlink()
    backup.restore(backup.latest(kept), replace=True)
    app.extensions["daftar-delivery"]._keys.clear()
    answer = phone.push(phone.item(amina.envelope()))
    assert [one["result"] for one in answer.json["results"]] == ["accepted"]
