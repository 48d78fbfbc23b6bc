"""What the forms of groups, premises, projects, meetings and apprentices write, seen at the office (docs/registry.md).

C1  a record's page tells what it is tied to in words: its people, premises, partners, promises; no code of a record, no bare code
C2  a list shows what its forms mark for it, and is narrowed by it: state, owner, decision
C3  the state of a building is a history: closed, works, open
C4  the list goes out as a table: the roadmap; names of persons stay behind, and it is noted
C5  the answers stand in the review and in the export, in both languages
"""

from __future__ import annotations

import csv
import html
import io
import json
import re

import openpyxl
import pytest
import sqlalchemy as sa

from app.core.db import db
from app.core.ids import new_id
from app.core.models import Audit
from app.engine import host
from app.instruments.compiler import library_lists
from app.instruments.operations import Checked, Given, publish_checked
from app.registry.models import Entity
from app.submissions.models import Submission
from tests.conftest import NOW, Someone, World
from tests.instruments.known import FORMS as FOLLOWING
from tests.instruments.known import GROUP_OPEN, places, sets, woman
from tests.instruments.test_library import NOW as DAY
from tests.instruments.test_library import OFFSET, compiled, package

pytestmark = pytest.mark.sqlite_only

FORMS = [code for code in FOLLOWING if code != "visit"]
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
COMMUNE = {"region": "03", "province": "03.131", "commune": "03.131.01.03"}


class Field:
    """A facilitator whose phone has the forms and what the office holds."""

    def __init__(self, who: Someone) -> None:
        self.who = who
        self.sent: dict[str, str] = {}  # submissions by form, the newest

    def records(self) -> dict[str, list[dict[str, str]]]:
        found: dict[str, list[dict[str, str]]] = {}
        for one in db.session.scalars(sa.select(Entity)):
            found.setdefault(one.list, []).append(
                {"name": one.id, "label": one.label, **{k: v for k, v in one.data.items() if v}}
            )
        return found

    def fill(self, code: str, **answers: str) -> None:
        """Fill a form (a__b is a/b, part_1 the first row of part) and send it."""
        rows = sorted({re.sub(r"_(\d)__.*", "", path).replace("__", "/") for path in answers if re.search(r"_[2-9]__", path)})
        steps = sets(**{re.sub(r"_(\d)__", r"[\1]/", path).replace("__", "/"): value for path, value in answers.items()})
        found = package(code)
        known = places() | self.records()
        case = {
            "package": found,
            "datasets": {name: known.get(name, []) for name in found["datasets"]},
            "now": DAY,
            "offset": OFFSET,
        }
        *_, given, entities, title, errors = host.run_cases(
            [
                case
                | {
                    "language": "ar",
                    "steps": [*(["addRow", one] for one in rows), *steps, ["answers"], ["entities"], ["title"], ["errors"]],
                }
            ]
        )[0]
        assert errors == []
        # The engine of the tests makes the same ids each time.
        fresh: dict[str, str] = {one["name"]: one["name"] for several in self.records().values() for one in several}
        text = UUID.sub(lambda found: fresh.setdefault(found[0], new_id()), json.dumps([given, entities]))
        given, entities = json.loads(text)
        identity = {"form_id": code, "form_version": found["version"], "form_sha256": compiled(code).sha256}
        sent = self.who.deliver(**identity, answers=given, entities=entities, title=title, territory="03.131.01.03")
        self.sent[code] = sent["submission_id"]

    def id_of(self, list_name: str, label: str) -> str:
        return db.session.scalars(sa.select(Entity.id).where(Entity.list == list_name, Entity.label == label)).one()


@pytest.fixture
def field(world: World, amina: Someone) -> Field:
    given = Given(library_lists())
    for code in FORMS:
        publish_checked(None, world.programme.id, Checked(f"{code}.md", b"", compiled(code), given), NOW)
    db.session.commit()
    field = Field(amina)
    place = {f"grp_place__gp_{name}": code for name, code in COMMUNE.items()}
    consent = {step[1].replace("/", "__"): step[2] for step in GROUP_OPEN if "rec" not in step[1]}
    women = {
        f"grp_wm__wm_{n}__{step[1].rsplit('/', 1)[1]}": step[2]
        for n, more in ((1, {}), (2, {"w_out": "yes", "w_out_why": "share", "w_out_d": "2026-10-01"}))
        for step in woman(n, **more)
    }
    field.fill("precoop", **consent, grp_id__gp_name="مجموعة الأمل", grp_id__gp_sector="ALI", **place, **women)
    group = field.id_of("groups", "مجموعة الأمل")
    building = {f"grp_place__pr_{name}": code for name, code in COMMUNE.items()}
    field.fill(
        "prem",
        grp_rec__pr_name="النادي النسوي",
        **building,
        grp_place__pr_gps="33.05 -4.99 980 8",
        grp_owner__pr_owner="commune",
        grp_use__pr_use="closed",
        grp_state__pr_area="120",
        grp_groups__pr_has_grp="yes",
        grp_groups__grp_1__g_coop_in="groups",
        grp_groups__grp_1__g_coop_groups=group,
        grp_groups__grp_1__g_use="weaving",
        grp_plan__pr_decision="after_small",
        grp_plan__pr_cost="45000",
        grp_plan__pr_next="=اجتماع",
    )
    field.fill(
        "agree",
        grp_rec__ag_code="P3",
        grp_rec__ag_title_ar="دار الصانعة",
        grp_place__ag_province="03.131",
        grp_place__ag_placed="no",
        grp_dates__ag_budget="3800000",
        grp_fin__ag_has_fin="yes",
        grp_fin__fin_1__fin_name="مجلس الإقليم",
        grp_fin__fin_1__fin_type="cash",
        grp_fin__fin_1__fin_amount="2000000",
        grp_fin__fin_1__fin_due="2026-09-30",
        grp_aim__ag_groups=group,
    )
    return field


def text(who: Someone, path: str, language: str = "fr") -> str:
    answer = who.client.get(f"{path}{'&' if '?' in path else '?'}lang={language}")
    assert answer.status_code == 200, path
    shown = re.sub(r"<script.*?</script>|<[^>]+>", " ", answer.text, flags=re.DOTALL)
    return re.sub(r"[ \n]+", " ", html.unescape(shown).replace("\u2068", "").replace("\u2069", ""))


def test_a_record_says_in_words_what_it_is_tied_to(field: Field, khadija: Someone):  # C1
    project = field.id_of("projects", "دار الصانعة")
    share = field.id_of("contributions", "مجلس الإقليم")
    field.fill(
        "agprog",
        grp_sit__pg_project=project,
        grp_sit__pg_date="2026-11-21",
        grp_sit__pg_stage="works",
        grp_sit__pg_phys="40",
        grp_sit__pg_disb="950000",
        grp_fin__pg_has_fin="yes",
        grp_fin__pg_fin_1__pg_fin_ref=share,
        grp_fin__pg_fin_1__pg_fin_paid="500000",
    )
    field.fill(
        "meet",
        grp_meet__m_subject="لجنة التتبع",
        grp_meet__m_date="2026-11-20",
        grp_meet__m_project=project,
        grp_com__m_has_com="yes",
        grp_com__com_1__com_inst="جماعة بولمان",
        grp_com__com_1__com_itype="council",
        grp_com__com_1__com_text="توفير العقار",
        grp_com__com_1__com_due="2026-11-01",
    )
    field.fill(
        "appr",
        grp_consent__consent="yes",
        grp_who__a_start="2026-01-10",
        grp_who__a_birth_year="2000",
        grp_who__a_name="سعاد",
        grp_train__a_craft="C04",
        grp_train__grp_master__a_master="المعلمة رقية",
        grp_train__grp_master__a_master_ok="yes",
    )
    pages = {
        ("groups", "مجموعة الأمل"): [
            "Femmes du groupe à ce jour 1", "Ont quitté le groupe 1", "Personnes 1 امرأة 1 Dans le groupe", "1 clos",
            "النادي النسوي",
        ],
        ("premises", "النادي النسوي"): ["Locaux et groupes 1 مجموعة الأمل", "Fermé après avoir été utilisé", "45 000 MAD"],
        ("projects", "دار الصانعة"): [
            "مجلس الإقليم Versé en partie", "Contribution financière", "2 000 000 MAD", "en retard", "توفير العقار",
            "Avancement financier (%) 25",
        ],
        ("meetings", "لجنة التتبع"): ["توفير العقار À faire", "Engagement", "جماعة بولمان", "Conseil élu / commune"],
        ("persons", "المعلمة رقية"): ["Apprenties et apprentis", "سعاد", "Tissage de tentes"],
        ("persons", "امرأة 2"): ["مجموعة الأمل", "Part impossible à payer", "A quitté le groupe", "1er octobre 2026"],
        ("apprentices", "سعاد"): ["المعلمة رقية", "Inscrit"],
    }  # fmt: skip
    for (list_name, label), expected in pages.items():
        address = f"/records/{list_name}/{field.id_of(list_name, label)}"
        for language in ("fr", "ar"):
            shown = text(khadija, address, language)
            assert not UUID.search(shown), (list_name, UUID.search(shown))
            if language == "fr":
                plain = shown.replace("\u202f", " ").replace("\u00a0", " ")
                assert [one for one in expected if one not in plain] == [], (list_name, plain)


def test_the_state_of_a_building_is_a_history_and_lists_are_narrowed_by_it(
    field: Field, khadija: Someone, said: Someone
):  # C2, C3
    building = field.id_of("premises", "النادي النسوي")
    closed = text(khadija, "/records/premises?p.pr_use=closed")
    assert all(one in closed for one in ("النادي النسوي", "État d’utilisation", "Fermé après avoir été utilisé", "Commune"))
    assert "النادي النسوي" not in text(khadija, "/records/premises?p.pr_use=works")
    assert "النادي النسوي" in text(khadija, "/records/premises?p.pr_owner=commune&p.pr_decision=after_small&p.x=", "ar")
    for state in ("works", "used"):
        field.fill("prem", grp_rec__rec=building, grp_use__pr_use=state, grp_use__pr_opened_on="2026-11-20")
    shown = text(khadija, f"/records/premises/{building}")
    assert [
        one for one in ("Fermé après avoir été utilisé", "En travaux", "Utilisé", "20 novembre 2026") if one not in shown
    ] == []
    assert "النادي النسوي" in text(khadija, "/records/premises?p.pr_use=used")


def test_the_list_goes_out_as_a_table_without_names(field: Field, khadija: Someone, amina: Someone):  # C4
    answer = khadija.client.get("/records/premises/table?lang=fr&p.pr_use=closed")
    head, row = csv.reader(io.StringIO(answer.data.decode("utf-8-sig")), delimiter=";")
    cells = dict(zip(head, row, strict=True))
    assert cells["Nom"] == "النادي النسوي"
    assert (cells["Conclusion"], cells["Propriétaire"]) == ("Exploitable après petites réparations", "Commune")
    assert cells["Coût estimé de réhabilitation (MAD)"] == "45000"
    assert cells["Prochaine étape"] == "'=اجتماع"
    assert not any(UUID.search(cell) for cell in row[:-1])
    assert cells["Numéro du dossier"] == field.id_of("premises", "النادي النسوي")  # as a table of answers names it
    assert amina.client.get("/records/premises/table").status_code == 403
    book = openpyxl.load_workbook(io.BytesIO(khadija.client.get("/records/premises/table?lang=fr&format=xlsx").data))
    in_excel = dict(zip(head, list(book.active.values)[1], strict=True))
    assert (in_excel["Coût estimé de réhabilitation (MAD)"], in_excel["Prochaine étape"]) == (45000, "=اجتماع")
    people = khadija.client.get("/records/persons/table?lang=fr").data.decode("utf-8-sig")
    assert "25-34\u00a0ans" in people
    assert "امرأة" not in people
    noted = db.session.scalars(sa.select(Audit.details).where(Audit.action == "entity.exported")).all()
    assert [(one["list"], one["rows"]) for one in noted] == [("premises", 1), ("premises", 1), ("persons", 2)]


def test_the_answers_stand_in_the_review_and_in_the_export(field: Field, khadija: Someone):  # C5
    expected = {"precoop": "امرأة 1", "prem": "Fermé après avoir été utilisé", "agree": "Contribution financière"}
    for code, words in expected.items():
        for language in ("fr", "ar"):
            shown = text(khadija, f"/submissions/{field.sent[code]}", language)
            assert len(UUID.findall(shown)) == 1, code  # its own number, among the technical details
            assert language == "ar" or words in shown, code
    db.session.execute(sa.update(Submission).values(state="approved"))
    db.session.commit()
    for code, words in expected.items():
        choices = {
            "form_id": code,
            "states": ["approved"],
            "format": "xlsx",
            "language": "fr",
            "content": "labels",
            "label_row": "y",
        }
        answer = khadija.client.post("/exports", data=choices | {"separator": ",", "organisation_id": "", "territory": ""})
        book = openpyxl.load_workbook(io.BytesIO(answer.data))
        cells = [str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row if cell]
        assert (words in cells) is (code != "precoop"), code  # names stay behind
        assert "مجموعة الأمل" in cells or code == "agree"
