"""Versions that meet: a form changed under a draft, a migration killed half way, an application replaced over night."""

# ruff: noqa: E501  (rows and scripts read better unbroken)
from __future__ import annotations

import copy
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pysqlite3
import pytest
import sqlalchemy as sa
from playwright.sync_api import Playwright

from app import create_app
from app.core.db import db, next_seq
from app.core.ids import new_id
from app.instruments.models import Instrument, InstrumentVersion
from tests import past
from tests.conftest import NOW, ROOT, World, settings, settle_to_write
from tests.faults.field import FORM, PACKAGE, Phone, with_the_form
from tests.faults.ledger import Ledger
from tests.faults.station import Station, sha256, text_of


def test_a_form_changed_under_a_draft_takes_no_answer_with_it(
    playwright: Playwright, station: Station, world: World, ledger: Ledger, tmp_path: Path, measured
):
    """UM-08: the second version removes one question, renames another and retypes a third; the draft is finished under the first."""
    with_the_form(world)
    station.start()
    phone = Phone(playwright, tmp_path / "phone", station.url, world.people["amina"], ledger)
    page = phone.open()
    phone.sign_in()
    draft = page.evaluate("() => daftar.draft({ name: 'تعاونية الأمل', photos: 1, size: 20000 })")
    newer = copy.deepcopy(PACKAGE) | {"version": "2026112501"}
    del newer["nodes"][7]
    newer["nodes"][3]["name"] = "remark"
    newer["nodes"][2]["type"] = "integer"
    text = json.dumps(newer, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    settle_to_write()
    instrument = db.session.scalars(sa.select(Instrument).where(Instrument.form_id == FORM)).one()
    before = db.session.get(InstrumentVersion, instrument.current_id).sha256
    version = InstrumentVersion(id=new_id(), instrument_id=instrument.id, version=newer["version"], sha256=sha256(text), package=text, source_name="", source=b"", xform="", published_at=NOW, seq=next_seq())  # fmt: skip
    db.session.add(version)
    db.session.flush()
    instrument.current_id = version.id
    db.session.commit()
    phone.sync()
    assert phone.run("return (await phone.catalogue.instruments()).some((one) => one.version === '2026112501')")
    done = page.evaluate("async (id) => { const { openDraft } = await import('/static/js/form/session.js'); const session = await openDraft(daftar.phone, id); session.set('g1/note', 'بعد التغيير'); return await session.finish(); }", draft)  # fmt: skip
    assert "revisionId" in done, done
    phone.drain()
    row = station.rows("SELECT form_sha256, body FROM revisions WHERE id = :id", id=done["revisionId"])[0]
    said = json.loads(text_of(row["body"]))
    kept = said["answers"]["g1"]
    phone.device.close()
    dropped = sum(kept.get(name) != value for name, value in {"name": "تعاونية الأمل", "note": "بعد التغيير"}.items())
    measured("UM-08", answers_dropped=dropped)
    assert row["form_sha256"] == before
    assert dropped == 0
    assert len(said["attachments"]) == 1


UPGRADE = "from app import create_app; import flask_migrate, sys; app = create_app({'SQLALCHEMY_DATABASE_URI': sys.argv[1], 'SECRET_KEY': 'x', 'INSTANCE': __import__('pathlib').Path(sys.argv[2])}); c = app.app_context(); c.push(); print('go', flush=True); flask_migrate.upgrade('migrations')"


def schema(url: str) -> list[str]:
    options = {"module": pysqlite3} if url.startswith("sqlite") else {}
    engine = sa.create_engine(url, **options)
    try:
        found = sa.inspect(engine)
        return [f"{table}: {column['name']} {column['type']} {column['nullable']}" for table in sorted(found.get_table_names()) for column in found.get_columns(table)] + [
            f"{table}: {one['name']}" for table in sorted(found.get_table_names()) for one in sorted(found.get_indexes(table), key=lambda one: str(one["name"]))
        ]  # fmt: skip
    finally:
        engine.dispose()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("name", past.NAMES)
def test_a_migration_killed_at_any_moment_ends_the_same_when_run_again(request, tmp_path: Path, seed, kind, name, measured):
    """UM-07: a database of an earlier version, with its rows, killed 12 times on the way to the newest tables, then run to its end."""
    chance = random.Random(seed)
    server = request.getfixturevalue("postgresql") if kind == "postgresql" else None
    urls = [server.url(server.fresh()) if server else f"sqlite:///{tmp_path / which}" for which in ("clean", "killed")]
    apps = [create_app(settings(tmp_path, url)) for url in urls]
    for app in apps:
        past.lay_down(app, name)

    def upgrade(url: str, kill_after: float | None) -> None:
        process = subprocess.Popen([sys.executable, "-c", UPGRADE, url, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=os.environ | {"DATABASE_URL": url})  # fmt: skip
        assert process.stdout
        process.stdout.readline()
        if kill_after is not None:
            time.sleep(kill_after)
            process.send_signal(signal.SIGKILL)
        process.wait(60)

    began = time.monotonic()
    upgrade(urls[0], None)
    whole = min(2.0, time.monotonic() - began)
    for _ in range(12):
        upgrade(urls[1], chance.uniform(0, whole))
    upgrade(urls[1], None)
    drift = len(set(schema(urls[0])) ^ set(schema(urls[1])))
    missing = [sum(rows.total() for rows in past.missing(app, name).values()) for app in apps]
    measured("UM-07", kills=12, drift=drift, rows_missing=sum(missing))
    assert drift == 0
    assert missing == [0, 0]
    assert schema(urls[0])
