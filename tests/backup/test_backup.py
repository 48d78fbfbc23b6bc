"""Backups (I-20): B1 a copy is verified before it counts; B2 a restore gives back rows and files; B3 damage is found by the
drill, not by the disaster; B4 only an off-host backup moves the watermark; B5 nothing in use is overwritten by mistake; B6 what
signs and what was done are in it too; B7 a backup of an earlier release is restored; B8 a restore that is cut off leaves what
was there; B9 what was erased goes with the last backup that holds it, and an older one is told of it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pysqlite3
import pytest
import sqlalchemy as sa
from flask import Flask

from app.backup import operations
from app.backup.problems import DAMAGED, FAILED, NO_BACKUP, NOT_EMPTY
from app.backup.stores import SQLiteStore
from app.core import audit
from app.core.db import db
from app.core.ids import new_id
from app.core.models import Setting
from app.core.problems import Problem
from app.personal import erasing
from app.registry.models import Programme
from app.submissions.models import Attachment, Submission
from tests.conftest import NOW

PHOTO = b"\xff\xd8\xff\xe0 a photo of the workshop"
SHA = hashlib.sha256(PHOTO).hexdigest()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups"


@pytest.fixture
def stored(app: Flask) -> Iterator[Flask]:
    """One submission with one complete photo."""
    programme = db.session.scalars(sa.select(Programme)).first()
    if programme is None:
        programme = Programme(id="0" * 8 + "-0000-7000-8000-000000000001", code="p", name={"ar": "ب", "fr": "P"}, created_at=NOW)
        db.session.add(programme)
        db.session.flush()
    db.session.add(
        Submission(
            id="01900000-0000-7000-8000-000000000001",
            programme_id=programme.id,
            form_id="coop",
            author_id="a",
            device_id="d",
            title="تعاونية الأمل",
            current_revision_id="r",
            received_at=NOW,
            updated_at=NOW,
            seq=1,
        )
    )
    db.session.flush()
    db.session.add(
        Attachment(
            id="01900000-0000-7000-8000-000000000002",
            submission_id="01900000-0000-7000-8000-000000000001",
            sha256=SHA,
            name="p.jpg",
            question="photo",
            size=len(PHOTO),
            type="image/jpeg",
            complete_at=NOW,
        )
    )
    db.session.execute(sa.text("UPDATE sequence SET value = 41"))
    db.session.merge(Setting(name="backup_seq", value="0"))
    db.session.commit()
    place = Path(app.config["ATTACHMENTS"]) / SHA[:2] / SHA
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(PHOTO)
    epoch = db.session.get(Setting, "epoch").value
    db.session.commit()
    yield app
    db.session.rollback()  # the database outlives the test
    db.session.merge(Setting(name="epoch", value=epoch))
    db.session.merge(Setting(name="backup_seq", value="0"))
    db.session.commit()


def problem_of(error: pytest.ExceptionInfo[Problem]) -> object:
    return error.value.kind


def test_a_restored_backup_holds_the_rows_and_the_files_of_its_moment(stored: Flask, folder: Path) -> None:  # B2
    backup = operations.make(folder, now=NOW, off_host=False).folder
    db.session.execute(sa.update(Submission).values(title="changed after the backup"))
    db.session.commit()
    (Path(stored.config["ATTACHMENTS"]) / SHA[:2] / SHA).unlink()

    operations.restore(backup, replace=True)

    assert db.session.scalars(sa.select(Submission.title)).all() == ["تعاونية الأمل"]
    assert (Path(stored.config["ATTACHMENTS"]) / SHA[:2] / SHA).read_bytes() == PHOTO


def test_what_was_erased_leaves_backups_with_the_last_that_holds_it_and_an_older_one_is_told(  # B9
    stored: Flask, folder: Path
) -> None:
    first = operations.make(folder, now=NOW, off_host=False).folder
    (photo,) = list(folder.glob("attachments/??/*"))
    db.session.execute(sa.update(Attachment).values(complete_at=None, lost_reason="erased"))
    db.session.commit()
    line = json.dumps({"id": new_id(), "prints": []})
    erasing.journal().write_text(line + "\n", "ascii")
    operations.make(folder, now=NOW + timedelta(days=2), off_host=False)
    assert photo.exists(), "the first backup holds it"
    shutil.rmtree(first)
    operations.make(folder, now=NOW + timedelta(days=40000), off_host=False)
    assert not photo.exists()
    erasing.journal().unlink()
    operations.restore(operations.latest(folder), replace=True)
    assert erasing.journal().read_text("ascii") == line + "\n"


def test_a_restored_server_takes_a_new_epoch_so_that_phones_offer_what_they_hold(stored: Flask, folder: Path) -> None:
    db.session.merge(Setting(name="epoch", value="before"))
    db.session.commit()
    backup = operations.make(folder, now=NOW, off_host=True).folder

    operations.restore(backup, replace=True)

    assert db.session.get(Setting, "epoch") is None


def test_a_drill_says_what_a_loss_would_cost_and_leaves_nothing_behind(stored: Flask, folder: Path) -> None:  # B1
    operations.make(folder, now=NOW, off_host=False)

    drilled = operations.drill(folder, now=NOW + timedelta(hours=3))

    assert (drilled.rpo_s, drilled.attachments) == (3 * 3600, 1)
    assert drilled.rows > 2
    assert drilled.rto_s > 0
    assert sorted(path.name for path in folder.iterdir()) == [drilled.backup, "attachments", "keys"]


def test_a_drill_finds_a_photo_whose_bytes_have_changed(stored: Flask, folder: Path) -> None:  # B3
    operations.make(folder, now=NOW, off_host=False)
    (folder / "attachments" / SHA[:2] / SHA).write_bytes(b"other bytes")

    with pytest.raises(Problem) as error:
        operations.drill(folder, now=NOW)

    assert problem_of(error) == DAMAGED


def test_a_drill_finds_a_scribbled_database(stored: Flask, folder: Path) -> None:  # B3
    made = operations.make(folder, now=NOW, off_host=False)
    file = made.folder / made.manifest["database"]
    with file.open("r+b") as opened:
        opened.seek(file.stat().st_size // 2)
        opened.write(b"\xff" * 64)

    with pytest.raises(Problem) as error:
        operations.drill(folder, now=NOW)

    assert problem_of(error) == DAMAGED


def test_a_backup_without_one_of_its_photos_is_never_finished(stored: Flask, folder: Path) -> None:  # B1
    (Path(stored.config["ATTACHMENTS"]) / SHA[:2] / SHA).unlink()

    with pytest.raises(Problem) as error:
        operations.make(folder, now=NOW, off_host=True)

    assert problem_of(error) == DAMAGED
    assert db.session.get(Setting, "backup_seq", populate_existing=True).value == "0"
    with pytest.raises(Problem) as none:
        operations.latest(folder)
    assert problem_of(none) == NO_BACKUP


def test_only_an_off_host_backup_lets_phones_forget(stored: Flask, folder: Path) -> None:  # B4
    operations.make(folder, now=NOW, off_host=False)
    assert db.session.get(Setting, "backup_seq", populate_existing=True).value == "0"
    db.session.rollback()

    operations.make(folder, now=NOW + timedelta(minutes=1), off_host=True)

    assert db.session.get(Setting, "backup_seq", populate_existing=True).value == "41"


@pytest.mark.parametrize(("off_host", "watermark"), [(True, "41"), (False, "7")])
def test_what_comes_back_from_this_machine_s_own_disk_lets_no_phone_forget(
    stored: Flask, folder: Path, off_host: bool, watermark: str
) -> None:  # B4
    db.session.merge(Setting(name="backup_seq", value="7"))  # of an earlier one, elsewhere
    db.session.commit()
    made = operations.make(folder, now=NOW, off_host=off_host)
    operations.restore(made.folder, replace=True)
    assert db.session.get(Setting, "backup_seq", populate_existing=True).value == watermark


def test_a_restore_over_submissions_is_refused_unless_asked_for(stored: Flask, folder: Path) -> None:  # B5
    backup = operations.make(folder, now=NOW, off_host=False).folder

    with pytest.raises(Problem) as error:
        operations.restore(backup, replace=False)

    assert problem_of(error) == NOT_EMPTY
    assert db.session.scalars(sa.select(sa.func.count()).select_from(Submission)).one() == 1


def test_the_key_that_signs_cookies_is_in_the_backup_under_the_passphrase(stored: Flask, folder: Path) -> None:  # B6
    instance = Path(stored.config["INSTANCE"])
    (instance / "secret_key").write_text("a" * 64)
    for passphrase in ("", "زيت أركان"):
        stored.config["BACKUP_PASSPHRASE"] = passphrase
        made = operations.make(folder, now=NOW + timedelta(minutes=len(passphrase)), off_host=False)
        kept = (made.folder / "secrets").read_bytes()
        assert (b"a" * 64 in kept) is not bool(passphrase)
        assert (made.folder / "secrets").stat().st_mode & 0o077 == 0
        (instance / "secret_key").unlink()
        operations.restore(made.folder, replace=True)
        assert (instance / "secret_key").read_text() == "a" * 64
    stored.config["BACKUP_PASSPHRASE"] = "another"
    with pytest.raises(Problem) as error:
        operations.drill(folder, now=NOW)
    assert problem_of(error) is DAMAGED


def test_a_drill_finds_a_chain_that_was_tampered_with(stored: Flask, folder: Path) -> None:  # B3, B6
    for number in range(3):
        audit.record("tried", at=NOW, details={"number": number})
    db.session.commit()
    made = operations.make(folder, now=NOW, off_host=False)
    assert made.manifest["audit_head"] == audit.head()[1]
    db.session.execute(sa.text("UPDATE audit SET action = 'other' WHERE number = 2"))
    db.session.commit()
    with pytest.raises(Problem) as error:
        operations.make(folder, now=NOW + timedelta(seconds=1), off_host=True)
    assert problem_of(error) is DAMAGED
    assert db.session.get_one(Setting, "backup_seq").value == "0"


def test_a_backup_of_an_earlier_release_is_restored(stored: Flask, folder: Path) -> None:  # B7
    """One made before tables existed that name others: what counts is what the copy holds."""
    later = [db.metadata.tables[name] for name in ("entity_links", "incidents")]
    db.session.commit()
    db.metadata.drop_all(db.engine, later)
    try:
        made = operations.make(folder, now=NOW, off_host=False)
        assert not {"entity_links", "incidents"} & set(made.manifest["tables"])
        assert operations.drill(folder, now=NOW).attachments == 1
        db.metadata.create_all(db.engine, later)  # the release of today, whose database is to be replaced
        operations.restore(made.folder, replace=True)
        assert not {"entity_links", "incidents"} & set(sa.inspect(db.engine).get_table_names())
    finally:
        db.metadata.create_all(db.engine, later)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Submission)) == 1


def test_a_photo_that_a_broken_restore_left_in_half_is_put_back_whole(stored: Flask, folder: Path) -> None:  # B2
    made = operations.make(folder, now=NOW, off_host=False)
    place = Path(stored.config["ATTACHMENTS"]) / SHA[:2] / SHA
    place.write_bytes(PHOTO[:5])
    operations.restore(made.folder, replace=True)
    assert place.read_bytes() == PHOTO


def _as_a_killed_server_leaves_it(folder: Path) -> Path:
    """A database whose last commit stands only in its log."""
    folder.mkdir()
    with contextlib.closing(pysqlite3.connect(folder / "live.db", isolation_level=None)) as live:
        live.executescript("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE t (x)")
        live.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        live.execute("INSERT INTO t VALUES ('last')")
        for end in ("", "-wal"):
            shutil.copy(folder / f"live.db{end}", folder / f"used.db{end}")
    return folder / "used.db"


def _content(file: Path) -> list[str]:
    with contextlib.closing(pysqlite3.connect(file)) as database:
        return [row[0] for row in database.execute("SELECT x FROM t")]


def test_a_restore_that_is_cut_off_leaves_all_of_the_old_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # B8
    used, copy = _as_a_killed_server_leaves_it(tmp_path / "used"), tmp_path / "copy.sqlite"
    with contextlib.closing(pysqlite3.connect(copy, isolation_level=None)) as made:
        made.executescript("CREATE TABLE t (x); INSERT INTO t VALUES ('backed up')")
    store = SQLiteStore(f"sqlite:///{used}", tmp_path)
    done: list[str] = []

    def cut(old: Path, new: Path) -> None:
        raise OSError("power is gone")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", cut)
        with pytest.raises(OSError, match="power"):
            store.restore(copy)
    assert _content(used) == ["last"]

    with contextlib.closing(pysqlite3.connect(used)) as reader:  # a server that was not stopped
        reader.execute("PRAGMA journal_mode=WAL")
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM t").fetchall()
        with contextlib.closing(pysqlite3.connect(used, isolation_level=None)) as writer:
            writer.execute("INSERT INTO t VALUES ('later')")
        with pytest.raises(Problem) as refused:
            store.restore(copy)
    assert problem_of(refused) == FAILED
    assert _content(used) == ["last", "later"]

    with contextlib.closing(pysqlite3.connect(used, isolation_level=None)) as idle:  # as between two deliveries
        idle.execute("SELECT * FROM t").fetchall()
        with pytest.raises(Problem) as refused:
            store.restore(copy)
        idle.execute("INSERT INTO t VALUES ('acknowledged')")
    assert problem_of(refused) == FAILED
    assert _content(used) == ["last", "later", "acknowledged"]

    fsync, replace = os.fsync, Path.replace
    monkeypatch.setattr(Path, "replace", lambda old, new: (done.append("renamed"), replace(old, new)))
    monkeypatch.setattr(
        os, "fsync", lambda file: (done.append("folder" if stat.S_ISDIR(os.fstat(file).st_mode) else "file"), fsync(file))
    )
    store.restore(copy)
    assert done == ["file", "renamed", "folder"]
    assert _content(used) == ["backed up"]
    used.write_bytes(b"scribbled" * 1000)
    store.restore(copy)
    assert _content(used) == ["backed up"]
