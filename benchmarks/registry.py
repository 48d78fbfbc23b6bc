"""Pages of the registry with many records and submissions: `.venv/bin/python -m benchmarks.registry`.

Makes databases of growing size in a folder that is thrown away, asks each page many times through the application itself, and
prints medians in milliseconds. Takes minutes; nothing fails by time.

    --sizes 600:10000,6000:100000,60000:1000000    cooperatives:submissions
    --postgresql URL     an empty database that may be filled; else SQLite
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import flask_migrate
import sqlalchemy as sa
from flask import Flask

from app import create_app
from app.accounts import operations as accounts
from app.accounts.models import Person
from app.core.db import db, iso
from app.core.ids import new_id
from app.core.models import Sequence
from app.registry.finding import derived
from app.registry.models import Organisation, Programme
from app.registry.places import names

FIRST = ["تعاونية", "تعاونية النساء", "مجموعة"]
WORDS = [
    "الأمل",
    "تيفاوين",
    "أركان",
    "الزيتون",
    "النسيج",
    "أطلس",
    "زهرة",
    "الجبل",
    "تازرت",
    "أمودو",
    "الفلاح",
    "إيليغ",
    "تودرت",
    "الورد",
]
LATIN = [
    "Al Amal",
    "Tifawine",
    "Argan",
    "Zaytoun",
    "Nassij",
    "Atlas",
    "Zahra",
    "Al Jabal",
    "Tazart",
    "Amoudou",
    "Al Fellah",
    "Ilig",
    "Toudert",
    "Ward",
]
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ENVELOPE = gzip.compress(json.dumps({"answers": {"grp": {f"q{n}": "نعم" for n in range(40)}}, "subject": None}).encode())
SCORES = {
    "scores": {
        "overall": 52.5,
        "level": 3,
        "axes": [{"axis": one, "score": 50.0, "label": one} for one in ("LEG", "GOV", "FIN", "PRD")],
    }
}


def fill(app: Flask, cooperatives: int, submissions: int) -> tuple[str, list[str]]:
    """A programme with these many; its id and the ids of the cooperatives."""
    choose = random.Random(7)
    programme = Programme(id=new_id(), code="many", name={"ar": "كثير", "fr": "Beaucoup"}, consent={}, created_at=NOW)
    organisations = [
        Organisation(id=new_id(), programme_id=programme.id, code=f"o{n}", name={"ar": f"جمعية {n}", "fr": f"Association {n}"})
        for n in range(12)
    ]
    db.session.add(programme)
    db.session.flush()
    db.session.add_all(organisations)
    db.session.commit()
    communes = [code for code in names() if code.count(".") == 3]
    is_sqlite = db.engine.dialect.name == "sqlite"
    ids = [new_id() for _ in range(cooperatives)]
    authors = [new_id() for _ in range(200)]

    def at(moment: datetime) -> Any:
        return iso(moment) if is_sqlite else moment

    def records() -> Iterator[dict[str, Any]]:
        for n, one in enumerate(ids):
            pick = choose.randrange(len(WORDS))
            label = f"{choose.choice(FIRST)} {WORDS[pick]} {n}"
            data = {"coop_name_fr": f"{LATIN[pick]} {n}", "pres_phone": f"06{n:08d}", "ice": f"{n:015d}", "sector": "food",
                    "geometry": f"{30 + choose.random() * 5:.5f} {-9 + choose.random() * 7:.5f} 0 5"}  # fmt: skip
            yield row(one, "cooperatives", label, data, communes[n % len(communes)], n)
            yield row(new_id(), "actions", f"فتح حساب بنكي {n}", {"coop": one, "status": "todo", "due": "2026-12-01"}, None, n)

    def row(key: str, list_name: str, label: str, data: dict[str, str], territory: str | None, n: int) -> dict[str, Any]:
        found = derived(label, data)
        return {
            "id": key, "programme_id": programme.id, "list": list_name, "label": label,
            "organisation_id": organisations[n % 12].id, "territory": territory,
            "data": json.dumps(data), "version": 1, "updated_at": at(NOW), "seq": n, "to_settle": False,
            "sort_key": found.sort_key, "words": found.words, "sounds": found.sounds, "lat": found.lat, "lon": found.lon,
        }  # fmt: skip

    with db.engine.begin() as connection:
        cursor: Any = connection.connection.cursor()

        def insert(table: str, rows: Iterator[dict[str, Any]]) -> None:
            batch: list[dict[str, Any]] = []
            for one in rows:
                batch.append(one)
                if len(batch) == 5000:
                    write(table, batch)
                    batch = []
            if batch:
                write(table, batch)

        def write(table: str, rows: list[dict[str, Any]]) -> None:
            marks = ",".join(["?" if is_sqlite else "%s"] * len(rows[0]))
            cursor.executemany(
                f"INSERT INTO {table} ({','.join(rows[0])}) VALUES ({marks})", [tuple(one.values()) for one in rows]
            )

        made: list[tuple[str, str]] = []

        def noted() -> Iterator[dict[str, Any]]:
            for one in records():
                if one["list"] == "actions":
                    made.append((one["id"], json.loads(one["data"])["coop"]))
                yield one

        insert("entities", noted())
        insert("entity_links", ({"entity_id": one, "property": "coop", "target_id": target} for one, target in made))
        insert(
            "entity_versions",
            (
                {"id": new_id(), "entity_id": one, "version": 1, "changes": json.dumps({"": "تعاونية", "sector": "food"}),
                 "kind": "submission", "note": "", "conflict": False, "at": at(NOW)}
                for one in ids
            ),
        )  # fmt: skip
        pairs: list[tuple[str, str, int]] = []

        def sent() -> Iterator[dict[str, Any]]:
            for n in range(submissions):
                key, revision = new_id(), new_id()
                pairs.append((revision, key, n))
                moment = at(NOW - timedelta(minutes=submissions - n))
                yield {
                    "id": key, "programme_id": programme.id, "form_id": ("diag", "visit", "train", "coop")[n % 4],
                    "organisation_id": organisations[n % 12].id, "territory": communes[n % len(communes)],
                    "author_id": authors[n % 200], "device_id": authors[n % 200], "title": "تعاونية",
                    "subject_id": ids[n % len(ids)], "state": "approved" if n % 5 else "received",
                    "current_revision_id": revision, "received_at": moment, "updated_at": moment, "seq": n,
                }  # fmt: skip

        insert("submissions", sent())
        scores = json.dumps(SCORES)
        insert(
            "revisions",
            (
                {"id": revision, "submission_id": key, "form_version": "1", "form_sha256": "0" * 64, "encryption": "none",
                 "body": ENVELOPE, "sha256": "0" * 64, "author_id": authors[n % 200], "t_client": "", "received_at": at(NOW),
                 "check_state": "ok", "check_result": scores if n % 4 == 0 else None, "seq": n}
                for revision, key, n in pairs
            ),
        )  # fmt: skip
    db.session.rollback()  # it had read before the rows were there
    db.session.execute(sa.update(Sequence).values(value=submissions + 1))
    db.session.commit()
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE" if is_sqlite else "VACUUM ANALYZE")
    return programme.id, ids


def measure(app: Flask, ids: list[str], times: int) -> dict[str, float]:
    """Medians in ms by page."""
    person = Person(
        id=new_id(),
        username=f"admin-{new_id()[-6:]}",
        name={"ar": "م", "fr": "A"},
        password_hash="x",
        is_administrator=True,
        created_at=NOW,
    )
    db.session.add(person)
    db.session.flush()
    client = app.test_client()
    client.set_cookie("session", accounts.start_session(person, now=datetime.now(UTC), days=1))
    db.session.commit()
    choose = random.Random(3)
    middle = "تعاونيه اطلس\t00000000-0000-7000-8000-000000000000"
    pages = {
        "list": lambda: "/records/cooperatives",
        "list, from the middle": lambda: f"/records/cooperatives?after={middle}",
        "list of a province": lambda: "/records/cooperatives?territory=03.131",
        "to settle (none)": lambda: "/records/cooperatives?state=to_settle",
        "search, common": lambda: "/records/cooperatives?q=تيفاوين",
        "search, rare": lambda: f"/records/cooperatives?q=اطلس {choose.randrange(len(ids))}",
        "search, other script": lambda: "/records/cooperatives?q=tazarit",
        "search, nothing": lambda: "/records/cooperatives?q=xyzzzy",
        "record": lambda: f"/records/cooperatives/{choose.choice(ids)}",
        "merge, near ones": lambda: f"/records/cooperatives/{choose.choice(ids)}/merge?q=0612",
    }
    found = {}
    for name, path in pages.items():
        taken = []
        for n in range(times + 2):
            start = time.perf_counter()
            answer = client.get(path())
            assert answer.status_code == 200, (name, answer.status_code)
            if n > 1:
                taken.append((time.perf_counter() - start) * 1000)
        found[name] = statistics.median(taken)
    return found


def asked_for(description: str | None) -> argparse.Namespace:
    """What the command line of a measurement of growing databases says."""
    arguments = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--sizes", default="600:10000,6000:100000,60000:1000000")
    arguments.add_argument("--postgresql", default="")
    arguments.add_argument("--times", type=int, default=15)
    return arguments.parse_args()


def empty_applications(asked: argparse.Namespace) -> Iterator[tuple[str, int, int, Flask]]:
    """(size as asked, cooperatives, submissions, an application over an empty database), within its context."""
    for size in asked.sizes.split(","):
        cooperatives, submissions = map(int, size.split(":"))
        with tempfile.TemporaryDirectory() as folder:
            url = asked.postgresql or f"sqlite:///{folder}/many.db"
            app = create_app({"SQLALCHEMY_DATABASE_URI": url, "INSTANCE": Path(folder), "SECRET_KEY": "x", "DEMO": False})
            with app.app_context():
                if asked.postgresql:
                    db.session.execute(sa.text("DROP SCHEMA public CASCADE"))
                    db.session.execute(sa.text("CREATE SCHEMA public"))
                    db.session.commit()
                flask_migrate.upgrade("migrations")
                yield size, cooperatives, submissions, app
                db.session.remove()
                db.engine.dispose()


def print_medians(table: dict[str, dict[str, float]]) -> None:
    """{size: {page: milliseconds}}, a line a page."""
    print("| page, median ms | " + " | ".join(table) + " |")
    print("|---|" + "---|" * len(table))
    for name in next(iter(table.values())):
        print(f"| {name} | " + " | ".join(f"{table[size][name]:.0f}" for size in table) + " |")


def main() -> None:
    asked = asked_for(__doc__)
    table: dict[str, dict[str, float]] = {}
    for size, cooperatives, submissions, app in empty_applications(asked):
        start = time.perf_counter()
        _programme_id, ids = fill(app, cooperatives, submissions)
        filled = time.perf_counter() - start
        print(f"{cooperatives} cooperatives, {submissions} submissions: filled in {filled:.0f} s", flush=True)
        table[size] = measure(app, ids, asked.times)
    print_medians(table)


if __name__ == "__main__":
    main()
