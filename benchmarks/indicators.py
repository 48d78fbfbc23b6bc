"""Indicator pages with many submissions: `.venv/bin/python -m benchmarks.indicators`.

Makes databases of growing size in a folder that is thrown away (the programme of benchmarks/registry.py, with answers that
indicators count), counts six indicators of every measure, asks their pages through the application itself, and prints medians in
milliseconds. Nothing fails by time; the largest size takes about 20 minutes a store.

    --sizes 600:10000,6000:100000,60000:1000000    cooperatives:submissions
    --postgresql URL     an empty database that may be filled; else SQLite
"""

from __future__ import annotations

import gzip
import json
import random
import statistics
import time
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from flask import Flask

from app.accounts import operations as accounts
from app.accounts.models import Membership, Person
from app.core.db import db, next_seq
from app.core.ids import new_id
from app.indicators import declarations, forms, operations
from app.indicators.models import Indicator, IndicatorCell, IndicatorRow
from app.instruments import operations as instruments
from app.registry.models import Organisation, Programme
from app.submissions.models import Revision, Submission
from benchmarks import registry

PART = 5000  # revisions rewritten at once
GOAL_MS = 300


def declared() -> list[dict[str, Any]]:
    """One of every measure."""

    def one(code: str, measure: str, unit: str, over: dict[str, str], **more: Any) -> dict[str, Any]:
        words = {"ar": f"مؤشر {code}", "fr": f"Indicateur {code}"}
        return {"code": code, "name": words, "definition": words, "measure": measure, "unit": unit, "over": over, **more}

    visit, coop = {"instrument": "visit"}, {"list": "cooperatives"}
    people = {"instrument": "visit", "repeat": "part"}
    return [
        one("visits", "rows", "visits", visit, date="held_on", by=["organisation", "commune", "theme"]),
        one("women", "distinct", "women", people, where=[{"of": "sex", "is": "f"}], date="held_on",
            by=["organisation", "commune"], target={"value": 100000, "unit": "women"}),
        one("amount", "sum", "mad", visit, of="amount", date="held_on", by=["organisation", "commune", "theme"]),
        one("score", "mean", "points", visit, of="score", weight="amount", date="held_on", by=["commune"]),
        one("middle", "median", "mad", visit, of="amount", date="held_on", by=["commune"]),
        one("cooperatives", "rows", "cooperatives", coop, by=["organisation", "commune", "sector"]),
    ]  # fmt: skip


FORM = """
| survey | | | | | |
|---|---|---|---|---|---|
| | type | name | label::العربية (ar) | label::Français (fr) | save_to |
| | date | held_on | اليوم | Jour | |
| | select_one theme | theme | الموضوع | Thème | |
| | decimal | amount | المبلغ | Montant | |
| | decimal | score | النقطة | Note | |
| | text | sector | القطاع | Secteur | cooperatives#sector |
| | begin_repeat | part | المشاركات | Participantes | |
| | select_one_from_file persons.csv | person | الاسم | Nom | |
| | select_one sex | sex | الجنس | Sexe | |
| | end_repeat | | | | |

| choices | | | | |
|---|---|---|---|---|
| | list_name | name | label::العربية (ar) | label::Français (fr) |
| | theme | a | أ | A |
| | theme | b | ب | B |
| | theme | c | ج | C |
| | sex | f | امرأة | Femme |
| | sex | m | رجل | Homme |

| settings | | | |
|---|---|---|---|
| | form_title | form_id | version | default_language |
| | زيارة | visit | 2026112101 | العربية (ar) |

| entities | | |
|---|---|---|
| | list_name | label |
| | cooperatives | ${sector} |
"""


def fill(app: Flask, cooperatives: int, submissions: int) -> str:
    """The registry's programme; every second submission is a visit with two participants. Its id."""
    programme_id, _ids = registry.fill(app, cooperatives, submissions)
    programme = db.session.get_one(Programme, programme_id)
    checked = instruments.check(programme.id, "visit.md", FORM.encode())
    sha256 = instruments.publish_checked(None, programme.id, checked, datetime.now(UTC)).sha256
    db.session.commit()
    choose = random.Random(5)
    persons = [new_id() for _ in range(max(submissions // 5, 10))]
    with db.engine.begin() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        cursor: Any = connection.connection.cursor()
        mark = "?" if is_sqlite else "%s"
        # Half of all submissions, the even ones, are visits.
        connection.execute(sa.text("UPDATE submissions SET form_id = 'visit', state = 'approved' WHERE seq % 2 = 0"))
        ids = [row[0] for row in connection.execute(sa.select(Revision.id).where(Revision.seq % 2 == 0).order_by(Revision.seq))]
        for start in range(0, len(ids), PART):
            rows = []
            for key in ids[start : start + PART]:
                people = [{"person": choose.choice(persons), "sex": choose.choice("fffm")} for _ in range(2)]
                answers = {
                    "held_on": f"{choose.randrange(2025, 2027)}-{choose.randrange(1, 13):02}-{choose.randrange(1, 29):02}",
                    "theme": choose.choice("abc"), "amount": str(choose.randrange(100, 400_000)),
                    "score": str(choose.randrange(101)),
                    "part": people,
                }  # fmt: skip
                rows.append((gzip.compress(json.dumps({"answers": answers}).encode(), 1), sha256, key))
            cursor.executemany(f"UPDATE revisions SET body = {mark}, form_sha256 = {mark} WHERE id = {mark}", rows)
    read = declarations.read(declared(), forms.forms_of(programme.id), forms.lists_of(programme.id))
    operations.replace(programme, read, datetime.now(UTC))
    db.session.commit()
    return programme_id


def signed_in(app: Flask, programme_id: str, role: str | None, organisation_id: str | None = None) -> Any:
    person = Person(
        id=new_id(), username=f"p-{new_id()[-8:]}", name={"ar": "م", "fr": "A"}, password_hash="x", created_at=registry.NOW
    )
    person.is_administrator = role is None
    db.session.add(person)
    db.session.flush()
    if role:
        place = Membership(id=new_id(), person_id=person.id, programme_id=programme_id, role=role, territories=[])
        place.organisation_id = organisation_id
        db.session.add(place)
        db.session.flush()
    client = app.test_client()
    client.set_cookie("session", accounts.start_session(person, now=datetime.now(UTC), days=1))
    db.session.commit()
    return client


def measure(app: Flask, programme_id: str, times: int) -> dict[str, float]:
    """Medians in ms by page."""
    organisation = db.session.scalar(sa.select(Organisation.id).where(Organisation.programme_id == programme_id).limit(1))
    everybody, kept = signed_in(app, programme_id, None), signed_in(app, programme_id, "coordinator", organisation)
    codes = [one["code"] for one in declared()]
    pages = {"list of the indicators": (everybody, "/indicators")}
    pages |= {f"`{code}`": (everybody, f"/indicators/{code}") for code in codes}
    pages |= {f"`{code}`, one organisation": (kept, f"/indicators/{code}") for code in ("visits", "women", "middle")}
    pages |= {f"`{code}`, a province": (everybody, f"/indicators/{code}?territory=03.131") for code in ("visits", "women")}
    pages |= {
        f"`{code}`, ten weeks": (everybody, f"/indicators/{code}?from=2026-02-10&to=2026-04-20") for code in ("amount", "women")
    }
    submissions = iter(db.session.scalars(sa.select(Submission.id).where(Submission.form_id == "visit").limit(times + 2)).all())
    found = {}
    for name, (client, path) in pages.items():
        found[name] = _median(client, path, times)
    taken = []
    for _ in range(times):  # somebody decided since: the page counts it first
        db.session.execute(
            sa.update(Submission).where(Submission.id == next(submissions)).values(state="received", seq=next_seq())
        )
        db.session.commit()
        start = time.perf_counter()
        assert everybody.get("/indicators/visits").status_code == 200
        taken.append((time.perf_counter() - start) * 1000)
    return found | {"`visits`, after one decision": statistics.median(taken)}


def _median(client: Any, path: str, times: int) -> float:
    taken = []
    for n in range(times + 2):
        start = time.perf_counter()
        answer = client.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        if n > 1:
            taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken)


def main() -> None:
    asked = registry.asked_for(__doc__)
    table: dict[str, dict[str, float]] = {}
    for size, cooperatives, submissions, app in registry.empty_applications(asked):
        start = time.perf_counter()
        programme_id = fill(app, cooperatives, submissions)
        filled = time.perf_counter() - start
        start = time.perf_counter()
        operations.catch_up(programme_id)
        counted = time.perf_counter() - start
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE" if asked.postgresql else "ANALYZE")
        made = db.session.scalar(sa.select(sa.func.count()).select_from(Indicator))
        sizes = [db.session.scalar(sa.select(sa.func.count()).select_from(one)) for one in (IndicatorRow, IndicatorCell)]
        print(
            f"{cooperatives} cooperatives, {submissions} submissions: filled in {filled:.0f} s, "
            f"{made} indicators counted in {counted:.0f} s: {sizes[0]} rows, {sizes[1]} cells",
            flush=True,
        )
        table[size] = measure(app, programme_id, asked.times)
    print(f"\nGoal: {GOAL_MS} ms.\n")
    registry.print_medians(table)


if __name__ == "__main__":
    main()
