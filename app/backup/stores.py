"""What differs between SQLite and PostgreSQL when a database is copied, put back and examined."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import psycopg
import pysqlite3
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.backup.problems import DAMAGED, FAILED, NO_TOOL
from app.core import audit
from app.core.db import engine_options
from app.core.disk import flush
from app.core.models import Audit


class Store(Protocol):
    kind: str
    file_name: str

    def copy_to(self, file: Path) -> None: ...
    def restore(self, file: Path) -> None: ...
    def scratch(self, file: Path) -> contextlib.AbstractContextManager[sa.Engine]: ...


def store_of(url: str, folder_for_scratch: Path) -> Store:
    return SQLiteStore(url, folder_for_scratch) if url.startswith("sqlite") else PostgreSQLStore(url)


class SQLiteStore:
    kind, file_name = "SQLite", "database.sqlite"

    def __init__(self, url: str, scratch_folder: Path) -> None:
        self.path = Path(sa.make_url(url).database or "")
        self.scratch_folder = scratch_folder

    def copy_to(self, file: Path) -> None:
        """One consistent moment, while phones go on sending: SQLite's own backup, never a copy of live files."""
        try:
            with contextlib.closing(pysqlite3.connect(self.path, timeout=30)) as source:
                source.execute("VACUUM INTO ?", (str(file),))
            flush(file)
        except (pysqlite3.Error, OSError) as error:
            raise FAILED(why=str(error)) from error

    def restore(self, file: Path) -> None:
        """Put beside, then renamed over: a crash leaves the old database, whole, or the new one, never a mixture.

        What a killed server left in the old one's log goes into it first; a log that outlived the renaming would be read as
        the new one's. Raises FAILED while something else has it open.
        """
        beside = self.path.with_suffix(".restoring")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, beside)
        flush(beside)
        logs = [Path(f"{self.path}{end}") for end in ("-wal", "-shm")]
        if not self._settle_log():
            for log in logs:
                log.unlink(missing_ok=True)
        beside.replace(self.path)
        flush(self.path.parent)
        for log in logs:
            log.unlink(missing_ok=True)

    def _settle_log(self) -> bool:
        """Put the log of the database in use into it. False when it is none, or damaged: then nothing of it can stand."""
        if not self.path.exists():
            return False
        try:
            with contextlib.closing(pysqlite3.connect(self.path, timeout=5)) as old:
                # Leaving WAL needs the file for oneself: a checkpoint succeeds beside a server that is only idle, which would go
                # on acknowledging into a file that has no name any more.
                mode = old.execute("PRAGMA journal_mode=DELETE").fetchone()[0]
        except pysqlite3.OperationalError as error:
            raise FAILED(why=f"{error}: stop the server first") from error
        except pysqlite3.DatabaseError:
            return False
        if mode != "delete":
            raise FAILED(why="the database is still in use: stop the server first")
        return True

    @contextlib.contextmanager
    def scratch(self, file: Path) -> Iterator[sa.Engine]:
        """The copy opened on its own, for examination."""
        opened = self.scratch_folder / "drill.sqlite"
        shutil.copyfile(file, opened)
        url = f"sqlite:///{opened}"
        engine = sa.create_engine(url, **engine_options(url))
        try:
            yield engine
        finally:
            engine.dispose()
            for suffix in ("", "-wal", "-shm"):
                Path(f"{opened}{suffix}").unlink(missing_ok=True)


DROP_TABLES = """DO $$ DECLARE one record; BEGIN
FOR one IN SELECT schemaname, tablename FROM pg_tables WHERE schemaname = current_schema() LOOP
EXECUTE format('DROP TABLE %I.%I CASCADE', one.schemaname, one.tablename);
END LOOP; END $$"""


def _tool(name: str) -> str:
    """Where PostgreSQL's own tool is. Raises NO_TOOL."""
    versions = sorted(map(str, Path("/usr/lib/postgresql").glob(f"*/bin/{name}")), reverse=True)
    found = shutil.which(name) or next(iter(versions), None)
    if found is None:
        raise NO_TOOL(tool=name)
    return found


class PostgreSQLStore:
    kind, file_name = "PostgreSQL", "database.dump"

    def __init__(self, url: str) -> None:
        self.url = sa.make_url(url)

    def _libpq(self, database: str | None = None) -> str:
        """The address as PostgreSQL's own tools read it, the password apart (it would show in the process list)."""
        return self.url.set(drivername="postgresql", password=None, database=database or self.url.database).render_as_string()

    def _run(self, *command: str) -> None:
        secret = {"PGPASSWORD": str(self.url.password)} if self.url.password else {}
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **secret}, check=False)
        if done.returncode:
            raise FAILED(why=done.stderr.strip().splitlines()[-1] if done.stderr.strip() else command[0])

    def copy_to(self, file: Path) -> None:
        self._run(_tool("pg_dump"), "--format=custom", "--no-owner", f"--file={file}", f"--dbname={self._libpq()}")
        flush(file)

    def restore(self, file: Path, database: str | None = None) -> None:
        """In one transaction: the old database stands until all of the copy is there. Tables of a later release go too:
        pg_restore by itself leaves them, or stumbles over what they name."""
        with tempfile.NamedTemporaryFile(suffix=".sql") as script:
            self._run(_tool("pg_restore"), "--clean", "--if-exists", "--no-owner", f"--file={script.name}", str(file))
            self._run(
                _tool("psql"), "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1",
                f"--dbname={self._libpq(database)}", f"--command={DROP_TABLES}", f"--file={script.name}",
            )  # fmt: skip

    def _admin(self, statement: str) -> None:
        with psycopg.connect(self._libpq(), password=self.url.password, autocommit=True) as connection:
            connection.execute(statement.encode())

    @contextlib.contextmanager
    def scratch(self, file: Path) -> Iterator[sa.Engine]:
        name = f"daftar_drill_{os.getpid()}"
        self._admin(f"CREATE DATABASE {name}")
        engine = sa.create_engine(self.url.set(database=name))
        try:
            self.restore(file, name)
            yield engine
        finally:
            engine.dispose()
            self._admin(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def examine(engine: sa.Engine, backup: str) -> dict[str, Any]:
    """Integrity, foreign keys, counts, the highest number and the chain of a copy; raises DAMAGED."""
    with engine.connect() as connection:
        try:
            if engine.dialect.name == "sqlite":
                said = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
                if said != ["ok"]:
                    raise DAMAGED(backup=backup, why=str(said[0]))
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
                if broken:
                    raise DAMAGED(backup=backup, why=f"{broken[0][0]}: {len(broken)} foreign keys")
            # The tables of the copy, whichever release made it: a restore brings them up to date afterwards.
            names = sorted(set(sa.inspect(connection).get_table_names()) - {"alembic_version"})
            counts = {
                name: connection.execute(sa.select(sa.func.count()).select_from(sa.table(name))).scalar_one() for name in names
            }
            high_water = connection.exec_driver_sql("SELECT value FROM sequence WHERE name = 'server'").scalar_one()
            newest = connection.exec_driver_sql("SELECT max(received_at) FROM revisions").scalar()
        except sa.exc.DatabaseError as error:
            raise DAMAGED(backup=backup, why=str(error.orig)) from error
    with Session(engine) as session:
        broken_entry = audit.first_broken_entry(session)
        head = session.scalar(sa.select(Audit.hash).order_by(Audit.number.desc()).limit(1))
    if broken_entry is not None:
        raise DAMAGED(backup=backup, why=f"the chain of what was done is broken at entry {broken_entry}")
    return {"tables": counts, "high_water": int(high_water), "newest": newest, "audit_head": head}
