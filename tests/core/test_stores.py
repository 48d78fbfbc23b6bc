"""Both stores: migrations make what the models say, writers wait their turn, unsafe stores are refused."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask

from app.core import stores
from app.core.db import begin_writing, db, next_seq, sqlite_is_safe
from app.core.models import Sequence, Setting


def test_the_migrations_make_the_tables_of_the_models(app: Flask):
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, db.metadatas[None]) == []


def test_a_migrated_database_has_its_counter_and_its_epoch(app: Flask):
    assert db.session.scalar(sa.select(Sequence.value)) == 0
    settings = {row.name: row.value for row in db.session.scalars(sa.select(Setting))}
    assert len(settings["epoch"]) == 16
    assert settings["backup_seq"] == "0"


def test_every_connection_keeps_what_is_acknowledged(app: Flask):
    stores.check(app, workers=4)
    if db.engine.dialect.name == "sqlite":
        pragma = {name: db.session.scalar(sa.text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "foreign_keys")}
        assert pragma == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    else:
        assert db.session.scalar(sa.text("SHOW fsync")) == "on"


def test_a_store_that_could_lose_data_is_refused(app: Flask, monkeypatch):  # SV-07
    if db.engine.dialect.name == "sqlite":
        monkeypatch.setattr(stores, "sqlite_is_safe", lambda version: False)
        stores.check(app, workers=1)
        with pytest.raises(stores.UnsafeStore, match="pysqlite3"):
            stores.check(app, workers=2)
        return
    name = db.engine.url.database
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text(f'ALTER DATABASE "{name}" SET synchronous_commit = off'))
    db.engine.dispose()
    try:
        with pytest.raises(stores.UnsafeStore, match="synchronous_commit=off"):
            stores.check(app, workers=1)
    finally:
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text(f'ALTER DATABASE "{name}" RESET synchronous_commit'))
        db.engine.dispose()


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("version", "safe"), [((3, 40, 1), False), ((3, 51, 2), False), ((3, 44, 6), True), ((3, 50, 7), True), ((3, 51, 3), True)]
)
def test_versions_of_sqlite_with_the_wal_reset_bug_are_known(version: tuple[int, int, int], safe: bool):  # SV-07
    assert sqlite_is_safe(version) is safe


def test_writers_that_read_first_wait_for_each_other(app: Flask):  # SV-06
    """Each reads the counter, then writes it: without begin_writing() SQLite refuses the slower, and numbers are lost."""
    failed: list[Exception] = []

    def add() -> None:
        try:
            with app.app_context():
                for _ in range(10):
                    begin_writing()
                    before = db.session.scalar(sa.select(Sequence.value).with_for_update())
                    assert next_seq() == before + 1
                    db.session.commit()
        except Exception as error:
            failed.append(error)

    db.session.rollback()
    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert db.session.scalar(sa.select(Sequence.value)) == 40


@pytest.mark.sqlite_only
def test_begin_writing_does_not_throw_changes_away(app: Flask):
    db.session.add(Setting(name="x", value="1"))
    with pytest.raises(RuntimeError):
        begin_writing()


def test_a_log_that_grows_without_end_and_a_disk_that_fills_are_alarms(app: Flask, monkeypatch):  # SV-08
    assert stores.room(app).alarms() == []
    answer = app.test_cli_runner().invoke(args=["store", "check"])
    assert answer.exit_code == 0
    assert ("log of the store" in answer.output) == (db.engine.dialect.name == "sqlite")
    if db.engine.dialect.name == "sqlite":
        with open(f"{db.engine.url.database}-wal", "ab") as log:
            log.truncate(stores.LONGEST_LOG + 1)
        monkeypatch.setattr(stores, "LEAST_FREE", 1 << 60)
        answer = app.test_cli_runner().invoke(args=["store", "check"])
        assert answer.exit_code == 1
        assert "1024 MB: something keeps reading" in answer.output
        assert "make room" in answer.output
