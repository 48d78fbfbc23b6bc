"""Pages of indicators and the programme's home with many submissions, in two steps:

    .venv/bin/python -m benchmarks.indicators build FOLDER      makes and counts databases of growing size, and keeps them
    .venv/bin/python -m benchmarks.indicators measure FOLDER    asks their pages, and prints medians in milliseconds

Building may run beside other work and takes minutes; measuring wants a quiet machine. The programme is that of
benchmarks/registry.py, with answers that indicators count: every second submission is a visit with two participants, and each
cooperative was diagnosed twice. Pages are asked through the application itself. Nothing fails by time.

    --sizes 600:10000,6000:100000,60000:1000000    cooperatives:submissions
    --postgresql URL     a server in which databases may be made; else SQLite, in FOLDER
    --times 15           of each page
    --pages TEXT         only pages whose name holds it
"""

from __future__ import annotations

import argparse
import contextvars
import gzip
import json
import random
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import flask_migrate
import sqlalchemy as sa
from flask import Flask, current_app
from flask.testing import FlaskClient

from app import create_app
from app.accounts import operations as accounts
from app.accounts.models import Membership, Person
from app.core.db import db, next_seq
from app.core.ids import new_id
from app.indicators import declarations, forms, keeping, operations
from app.indicators.models import Indicator, IndicatorCell, IndicatorRow
from app.instruments import operations as instruments
from app.panels import axes
from app.panels import operations as panels
from app.panels.declarations import read as read_panels
from app.registry.finding import waits_until
from app.registry.models import Entity, Organisation, Programme
from app.submissions.models import Revision, Submission
from benchmarks import registry

PART = 5000  # rows rewritten at once
BATCH = 20_000  # submissions counted in one transaction: nobody waits for this database
GOAL_MS = 300
SECTORS = ("food", "craft", "livestock", "plants")
NEEDS = ("label", "mark", "loan", "shop", "law")


def words(ar: str, fr: str) -> dict[str, str]:
    return {"ar": ar, "fr": fr}


def declared() -> list[dict[str, Any]]:
    """One of every measure."""

    def one(code: str, measure: str, unit: str, over: dict[str, str], **more: Any) -> dict[str, Any]:
        said = words(f"مؤشر {code}", f"Indicateur {code}")
        return {"code": code, "name": said, "definition": said, "measure": measure, "unit": unit, "over": over, **more}

    visit, coop, diag = {"instrument": "visit"}, {"list": "cooperatives"}, {"instrument": "diag"}
    people = {"instrument": "visit", "repeat": "part"}
    return [
        one("visits", "rows", "visits", visit, date="held_on", by=["organisation", "commune", "theme"]),
        one("women", "distinct", "women", people, where=[{"of": "sex", "is": "f"}], date="held_on",
            by=["organisation", "commune"], target={"value": 100000, "unit": "women"}),
        one("amount", "sum", "mad", visit, of="amount", date="held_on", by=["organisation", "commune"]),
        one("score", "mean", "points", visit, of="score", weight="amount", date="held_on", by=["commune"]),
        one("middle", "median", "mad", visit, of="amount", date="held_on", by=["commune"]),
        one("part", "share", "percent", visit, having=[{"of": "theme", "is": "a"}], date="held_on", by=["organisation"]),
        one("cooperatives", "rows", "cooperatives", coop, by=["organisation", "commune", "sector"]),
        one("delay", "median", "days", coop, of={"days": ["started", "registered"]}, by=["sector"]),
        one("diagnosed", "distinct", "cooperatives", diag, of="subject", by=["organisation", "commune"]),
        one("need", "distinct", "cooperatives", diag, of="subject", each="latest", by=["need1"]),
        one("heard", "distinct", "cooperatives", diag, of="subject", by=["heard"]),
    ]  # fmt: skip


def home() -> list[dict[str, Any]]:
    """A panel of every kind."""
    steps = [{"of": f"st_{n}", "date": f"st_{n}_d", "label": words(f"مرحلة {n}", f"Étape {n}")} for n in range(1, 6)]
    sector = words("القطاع", "Secteur")

    def one(kind: str, code: str, **more: Any) -> dict[str, Any]:
        return {"kind": kind, "code": code, "title": words(code, code), **more}

    return [
        one("indicators", "tiles", indicators=["visits", "women", "amount", "score", "middle", "part", "cooperatives"]),
        one("indicators", "phases", indicators=["visits", "women", "amount"], by_phase=True),
        one("split", "progress", indicators=["diagnosed"], by="organisation", out_of="cooperatives"),
        one("split", "themes", indicators=["visits"], by="theme"),
        one("ranking", "needs", indicators=[{"code": "need", "by": "need1"}, {"code": "heard", "by": "heard"}]),
        one("ranking", "domains", indicators=[
            {"code": "need", "by": "need1", "map": "domain"}, {"code": "heard", "by": "heard"}]),
        one("axes", "axes", instrument="diag", by=["sector", "organisation"], weakest=4, rounds=True),
        one("board", "steps", list="cooperatives", steps=steps, start="started", end="registered"),
        one("table", "table", list="cooperatives", columns=[{"of": "sector", "label": sector},
            {"of": "members", "as": "number", "total": "sum", "label": words("الأعضاء", "Membres")}], sort="-members"),
        one("matrix", "matrix", list="cooperatives", rows="province", columns="sector", label=words("الإقليم", "Province")),
        one("matrix", "lists", rows=sector, sources=[
            {"list": "cooperatives", "by": "sector", "label": words("تعاونيات", "Coopératives")},
            {"list": "cooperatives", "by": "sector", "sum": "members", "label": words("أعضاء", "Membres")}]),
        one("map", "map", list="cooperatives"),
        one("waiting", "waiting"),
    ]  # fmt: skip


DIAG = """
| survey | | | | | | | | |
|---|---|---|---|---|---|---|---|---|
| | type | name | label::العربية (ar) | label::Français (fr) | calculation | bind::ci:role | bind::ci:axis | bind::ci:weight |
| | select_one_from_file cooperatives.csv | coop | التعاونية | Coopérative | | subject | | |
| | select_one step | leg01 | السؤال 1 | Question 1 | | item | LEG | 1 |
| | select_one step | leg02 | السؤال 2 | Question 2 | | item | LEG | 1 |
| | select_one step | fin01 | السؤال 3 | Question 3 | | item | FIN | 1 |
| | select_one step | fin02 | السؤال 4 | Question 4 | | item | FIN | 1 |
| | select_one need | need1 | الحاجة الأولى | Premier besoin | | | | |
| | select_multiple domain | heard | صعوبات ذُكرت | Difficultés entendues | | | | |
| | calculate | score_leg | القانون | Juridique | (${leg01} + ${leg02}) * 12.5 | axis-score | LEG | 1 |
| | calculate | score_fin | المالية | Finances | (${fin01} + ${fin02}) * 12.5 | axis-score | FIN | 1 |
| | calculate | score_all | | | (${score_leg} + ${score_fin}) div 2 | overall | | |

| choices | | | | | |
|---|---|---|---|---|---|
| | list_name | name | label::العربية (ar) | label::Français (fr) | domain |
| | step | 0 | لا | Non | |
| | step | 2 | قليلا | Un peu | |
| | step | 4 | نعم | Oui | |
| | need | label | شارة الجودة | Label | certif |
| | need | mark | علامة تجارية | Marque | certif |
| | need | loan | قرض | Prêt | finance |
| | need | shop | متجر | Boutique | market |
| | need | law | قانون | Droit | legal |
| | domain | certif | التصديق | Certification | |
| | domain | finance | التمويل | Financement | |
| | domain | market | السوق | Marché | |
| | domain | legal | القانون | Droit | |

| settings | | | | | |
|---|---|---|---|---|---|
| | form_title | form_id | version | default_language | namespaces |
| | تشخيص | diag | 2026112101 | العربية (ar) | ci="urn:cooperative-instruments:1" |
"""

FORM = """
| survey | | | | | |
|---|---|---|---|---|---|
| | type | name | label::العربية (ar) | label::Français (fr) | save_to |
| | date | held_on | اليوم | Jour | |
| | select_one theme | theme | الموضوع | Thème | |
| | decimal | amount | المبلغ | Montant | |
| | decimal | score | النقطة | Note | |
| | select_one sector | sector | القطاع | Secteur | cooperatives#sector |
| | integer | members | الأعضاء | Membres | cooperatives#members |
| | date | started | الانطلاق | Début | cooperatives#started |
| | date | registered | القيد | Immatriculation | cooperatives#registered |
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
| | sector | food | تغذية | Alimentation |
| | sector | craft | صناعة تقليدية | Artisanat |
| | sector | livestock | تربية المواشي | Élevage |
| | sector | plants | نباتات | Plantes |
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


class Filling:
    """The registry's programme, with answers and properties that indicators and panels read."""

    def __init__(self, app: Flask, cooperatives: int, submissions: int) -> None:
        programme_id, self.ids = registry.fill(app, cooperatives, submissions)
        self.programme = db.session.get_one(Programme, programme_id)
        self.choose, self.submissions = random.Random(5), submissions

    def all(self) -> str:
        """The programme's id."""
        sha256 = {name: self._publish(name, text) for name, text in (("visit", FORM), ("diag", DIAG))}
        self.programme.phases = [
            {"code": "one", "name": words("الأولى", "Première"), "starts_on": "2025-01-01", "ends_on": "2025-12-31"},
            {"code": "two", "name": words("الثانية", "Deuxième"), "starts_on": "2026-01-01", "ends_on": "2026-12-31"},
        ]
        db.session.commit()
        with db.engine.begin() as connection:
            self.mark = "?" if connection.dialect.name == "sqlite" else "%s"
            self._records(connection)
            self._visits(connection, sha256["visit"])
            self._diagnostics(connection, sha256["diag"])
        self._declare()
        return str(self.programme.id)

    def _publish(self, name: str, text: str) -> str:
        checked = instruments.check(self.programme.id, f"{name}.md", text.encode())
        return instruments.publish_checked(None, self.programme.id, checked, datetime.now(UTC)).sha256

    def _write(self, connection: Any, statement: str, rows: Iterator[tuple[Any, ...]]) -> None:
        cursor: Any = connection.connection.cursor()
        part = []
        for row in rows:
            part.append(row)
            if len(part) == PART:
                cursor.executemany(statement.replace("?", self.mark), part)
                part = []
        if part:
            cursor.executemany(statement.replace("?", self.mark), part)

    def _records(self, connection: Any) -> None:
        """Cooperatives with sector, members and steps; of what waits, a tenth is late, and half are commitments."""
        choose = self.choose

        def day(year: int) -> date:
            return date(year, 1, 1) + timedelta(days=choose.randrange(365))

        def cooperatives() -> Iterator[tuple[Any, ...]]:
            for n, key in enumerate(self.ids):
                steps = choose.randrange(6)
                started = day(2025)
                ended = started + timedelta(days=choose.randrange(30, 400))
                data = {"coop_name_fr": f"Tifawine {n}", "sector": choose.choice(SECTORS)}
                data |= {"members": str(choose.randrange(5, 60))}
                data |= {"started": started.isoformat(), "registered": ended.isoformat()}
                data["geometry"] = f"{30 + choose.random() * 5:.5f} {-9 + choose.random() * 7:.5f} 0 5"
                for step in range(1, steps + 1):
                    data |= {f"st_{step}": "done", f"st_{step}_d": (started + timedelta(days=20 * step)).isoformat()}
                yield json.dumps(data, ensure_ascii=False), key

        waiting = list(connection.execute(sa.select(Entity.id, Entity.data["coop"].as_string()).where(Entity.list == "actions")))

        def actions() -> Iterator[tuple[Any, ...]]:
            for n, (key, coop) in enumerate(waiting):
                is_late = choose.random() < 0.1
                due, who = (day(2025), "president") if is_late else (day(2030), "facilitator")
                data = {"coop": coop, "due": due.isoformat(), "status": choose.choice(("todo", "done", "doing"))}
                data |= {"responsible": who, "party": choose.choice(("INDH", "APDN", "ODCO"))}
                yield json.dumps(data), waits_until(data), "commitments" if n % 2 else "actions", key

        self._write(connection, "UPDATE entities SET data = ? WHERE id = ?", cooperatives())
        self._write(connection, "UPDATE entities SET data = ?, waits_until = ?, list = ? WHERE id = ?", actions())

    def _bodies(self, connection: Any, sha256: str, answers: Iterator[tuple[str, dict[str, Any], dict[str, str] | None]]) -> None:
        rows = (
            (gzip.compress(json.dumps({"answers": said, "subject": about}).encode(), 1), sha256, key)
            for key, said, about in answers
        )
        self._write(connection, "UPDATE revisions SET body = ?, form_sha256 = ? WHERE id = ?", rows)

    def _visits(self, connection: Any, sha256: str) -> None:
        """Half of all submissions, the even ones."""
        choose = self.choose
        persons = [new_id() for _ in range(max(self.submissions // 5, 10))]
        connection.execute(sa.text("UPDATE submissions SET form_id = 'visit', state = 'approved' WHERE seq % 2 = 0"))
        connection.execute(sa.text("UPDATE submissions SET form_id = 'train' WHERE seq % 2 = 1 AND form_id IN ('visit', 'diag')"))
        ids = connection.scalars(sa.select(Revision.id).where(Revision.seq % 2 == 0).order_by(Revision.seq)).all()

        def answers() -> Iterator[tuple[str, dict[str, Any], dict[str, str] | None]]:
            for key in ids:
                people = [{"person": choose.choice(persons), "sex": choose.choice("fffm")} for _ in range(2)]
                held = f"{choose.randrange(2025, 2027)}-{choose.randrange(1, 13):02}-{choose.randrange(1, 29):02}"
                theme = "d" if choose.random() < 0.0005 else choose.choice("abc")
                said = {"held_on": held, "theme": theme, "amount": str(choose.randrange(100, 400_000)),
                        "score": str(choose.randrange(101)), "part": people}  # fmt: skip
                yield key, said, None

        self._bodies(connection, sha256, answers())

    def _diagnostics(self, connection: Any, sha256: str) -> None:
        """Two of each cooperative, among the odd ones; the second later than the first."""
        choose = self.choose
        places = {key: (one, two) for key, one, two in connection.execute(
            sa.select(Entity.id, Entity.organisation_id, Entity.territory).where(Entity.list == "cooperatives"))}  # fmt: skip
        query = sa.select(Submission.id, Submission.current_revision_id).where(Submission.seq % 8 == 1)
        odd = connection.execute(query.order_by(Submission.seq).limit(2 * len(self.ids))).all()
        about = [(*one, self.ids[n % len(self.ids)]) for n, one in enumerate(odd)]
        self._write(
            connection,
            "UPDATE submissions SET form_id = 'diag', state = 'approved', subject_id = ?, organisation_id = ?, territory = ? "
            "WHERE id = ?",
            ((coop, *places[coop], key) for key, _revision, coop in about),
        )

        def answers() -> Iterator[tuple[str, dict[str, Any], dict[str, str] | None]]:
            for _key, revision, coop in about:
                said: dict[str, Any] = {name: choose.choice("024") for name in ("leg01", "leg02", "fin01", "fin02")}
                scores = [(int(said[f"{axis}01"]) + int(said[f"{axis}02"])) * 12.5 for axis in ("leg", "fin")]
                said |= {"coop": coop, "need1": choose.choice(NEEDS), "score_leg": str(scores[0]), "score_fin": str(scores[1])}
                heard = choose.sample(("certif", "finance", "market", "legal"), choose.randrange(1, 4))
                said |= {"heard": " ".join(heard), "score_all": str(sum(scores) / 2)}
                yield revision, said, {"list": "cooperatives", "id": coop}

        self._bodies(connection, sha256, answers())

    def _declare(self) -> None:
        known, lists = forms.forms_of(self.programme.id), forms.lists_of(self.programme.id)
        made = [*declared(), *axes.declarations(read_panels(home()), known)]
        operations.replace(self.programme, declarations.read(made, known, lists), datetime.now(UTC))
        panels.replace(self.programme, home(), now=datetime.now(UTC))
        db.session.commit()


class Browser(FlaskClient):
    """Each request in a context of its own, as on a server: who asked before is forgotten."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        return contextvars.Context().run(super().open, *args, **kwargs)


def signed_in(programme_id: str, role: str | None, organisation_id: str | None = None) -> Any:
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
    client = current_app.test_client()
    client.set_cookie("session", accounts.start_session(person, now=datetime.now(UTC), days=1))
    db.session.commit()
    return client


def pages() -> dict[str, tuple[str, str]]:
    """{name: (who asks, address)}"""
    codes = [one["code"] for one in declared()]
    found = {"list of the indicators": ("all", "/indicators")}
    found |= {f"`{code}`": ("all", f"/indicators/{code}") for code in codes}
    found |= {f"`{code}`, one organisation": ("one", f"/indicators/{code}") for code in ("visits", "women", "middle")}
    places = {"a province": "03.131", "a commune": "COMMUNE"}
    found |= {f"`{code}`, {name}": ("all", f"/indicators/{code}?territory={place}")
              for code in ("visits", "women", "middle") for name, place in places.items()}  # fmt: skip
    weeks = "from=2026-02-10&to=2026-04-20"
    times = {"ten weeks": weeks, "a phase": "phase=two", "a year across two": "from=2025-07-01&to=2026-06-30",
             "a day": "from=2026-03-10&to=2026-03-10"}  # fmt: skip
    found |= {f"`women`, {name}, one organisation": ("one", f"/indicators/women?{said}") for name, said in times.items()}
    found |= {f"`women`, {name}": ("all", f"/indicators/women?{said}") for name, said in times.items()}
    found["`women`, a province, a phase"] = ("all", "/indicators/women?territory=03.131&phase=two")
    found |= {f"`{code}`, ten weeks": ("all", f"/indicators/{code}?{weeks}") for code in ("amount", "middle")}
    found |= {f"`{code}`, a phase": ("all", f"/indicators/{code}?phase=two") for code in ("visits", "middle")}
    found |= {f"`visits`, theme {key}": ("all", f"/indicators/visits?of=theme&is={key}") for key in "ad"}
    found |= {"home": ("all", "/overview"), "home, one organisation": ("one", "/overview")}
    found |= {"home, a province": ("all", "/overview?territory=03.131"), "home, a phase": ("all", "/overview?phase=two")}
    return found | {f"home, `{one['code']}` alone": ("all", f"/overview/{one['code']}") for one in home()}


def measure(programme_id: str, asked: argparse.Namespace) -> dict[str, float]:
    """Medians in ms by page."""
    organisation = db.session.scalar(sa.select(Organisation.id).where(Organisation.programme_id == programme_id).limit(1))
    who = {"all": signed_in(programme_id, None), "one": signed_in(programme_id, "coordinator", organisation)}
    commune = str(db.session.scalar(sa.select(Submission.territory).where(Submission.form_id == "visit").limit(1)))
    found = {}
    for name, (reader, path) in pages().items():
        if asked.pages in name:
            found[name] = _median(who[reader], path.replace("COMMUNE", commune), asked.times)
    submissions = iter(
        db.session.scalars(sa.select(Submission.id).where(Submission.form_id == "visit").limit(asked.times + 2)).all()
    )
    taken = []
    for _ in range(asked.times):  # somebody decided since: the page counts it first
        key = next(submissions)
        state = db.session.get_one(Submission, key).state
        db.session.execute(
            sa.update(Submission).where(Submission.id == key).values(
                state="received" if state == "approved" else "approved", seq=next_seq()
            )
        )  # fmt: skip
        db.session.commit()
        start = time.perf_counter()
        assert who["all"].get("/indicators/visits").status_code == 200
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


@contextmanager
def application(folder: Path, size: str, server: str) -> Iterator[Flask]:
    """The application over the database of this size, within its context."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"many_{size.replace(':', '_')}"
    url = f"sqlite:///{folder}/{name}.db"
    if server:
        with sa.create_engine(server, isolation_level="AUTOCOMMIT").connect() as connection:
            if not connection.scalar(sa.text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}):
                connection.exec_driver_sql(f"CREATE DATABASE {name}")
        url = sa.make_url(server).set(database=name).render_as_string(hide_password=False)
    app = create_app({"SQLALCHEMY_DATABASE_URI": url, "INSTANCE": folder, "SECRET_KEY": "x" * 32, "DEMO": False})
    app.test_client_class = Browser
    with app.app_context():
        flask_migrate.upgrade("migrations")
        yield app
        db.session.remove()
        db.engine.dispose()


def build(app: Flask, size: str, *, is_postgresql: bool) -> None:
    """What is there already is kept; a build that was broken off is counted to its end."""
    cooperatives, submissions = map(int, size.split(":"))
    programme_id = db.session.scalar(sa.select(Programme.id))
    if programme_id is None:
        start = time.perf_counter()
        programme_id = Filling(app, cooperatives, submissions).all()
        print(f"{size}: filled in {time.perf_counter() - start:.0f} s", flush=True)
    start = time.perf_counter()
    keeping.WHOLE_BATCH = BATCH
    operations.catch_up(programme_id)
    counted = time.perf_counter() - start
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE" if is_postgresql else "ANALYZE")
    many = [db.session.scalar(sa.select(sa.func.count()).select_from(one)) for one in (Indicator, IndicatorRow, IndicatorCell)]
    print(f"{size}: {many[0]} indicators counted in {counted:.0f} s: {many[1]} rows, {many[2]} cells", flush=True)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("step", choices=("build", "measure"))
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--sizes", default="600:10000,6000:100000,60000:1000000")
    arguments.add_argument("--postgresql", default="")
    arguments.add_argument("--times", type=int, default=15)
    arguments.add_argument("--pages", default="")
    asked = arguments.parse_args()
    table: dict[str, dict[str, float]] = {}
    for size in asked.sizes.split(","):
        with application(asked.folder.resolve(), size, asked.postgresql) as app:
            if asked.step == "build":
                build(app, size, is_postgresql=bool(asked.postgresql))
            else:
                table[size] = measure(str(db.session.scalar(sa.select(Programme.id))), asked)
    if table:
        print(f"Goal: {GOAL_MS} ms.\n")
        registry.print_medians(table)


if __name__ == "__main__":
    main()
