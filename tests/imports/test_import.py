"""Records brought from a table (docs/registry.md, "Records from a table"):

M1  columns are known by name, in Arabic, in French, or by the property's own; others can be chosen
M2  each mistake names its row and column and says what mends it, in the reader's language; nothing is recorded before the
    whole is confirmed
M3  a record that is there already is recognised, by name and place or by its number, in the registry and in the file
M4  a record made has one version of the kind `import`; phones get it
M5  an import is undone by archiving what nobody used since
M6  an import that was cut off goes on where it stopped
M7  too many rows get a clear answer and are not read
M8  only a coordinator brings records, for her own organisation and territory, and only she sees the file's rows
"""

from __future__ import annotations

import io
import re
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa

from app.accounts.models import Membership
from app.core import audit
from app.core.db import db
from app.core.models import Audit
from app.imports import operations as imports
from app.imports import values
from app.imports.models import ImportedRecord, RecordImport
from app.imports.values import Wrong
from app.instruments import operations
from app.instruments.operations import Checked
from app.registry.models import Entity, EntityVersion
from tests.conftest import NOW, Someone, World, count
from tests.review.test_records import a_record

HERE = "/records/cooperatives/import"
HEADINGS = (
    "Nom;الجماعة;Province;pres_phone;Date de l’assemblée constitutive;Type de coopérative;Femmes membres;registry_no;Remarque"
)
GOOD = "تعاونية تيفاوين;Guigou;Boulemane;0612 34 56 78;31/05/2019;;12;77/2019;à rappeler"
FILE = "\n".join(
    [
        HEADINGS.replace("Type de coopérative", "coop_gender"),
        GOOD,
        "تعاونية الأمل;Gigou;Boulemane;;;;;;",  # a commune written wrongly
        "تعاونية النور;Guigou;;06123;2019-13-40;féminin;douze;;",  # telephone, date, choice, number
        ";Guigou;Boulemane;;;;;;",  # no name
        "تعاونية الزيتون;Guigou;Boulemane;;;;;;",  # recorded already
        "تعاونيه تيفاوين;كيكو;;;;;;;",  # the first row again, in another spelling
        "تعاونية أركان;Missour;Boulemane;661234567;2018-03-02;نسائية (كل الأعضاء نساء);1 005;;",
    ]
)


FORMS: list[Checked] = []  # compiled once for all tests


@pytest.fixture
def registry(world: World) -> World:
    """A programme with the form that registers cooperatives, whose consent texts say who answers for names."""
    if not FORMS:
        FORMS.extend(operations.check_library(world.programme.id, ["coop"]))
    for checked in FORMS:
        operations.publish_checked(None, world.programme.id, checked, NOW)
    world.programme.consent = {"responsible_org": {"ar": "جمعية الأمل", "fr": "Association Al Amal"}}
    db.session.commit()
    return world


def sent(who: Someone, content: str | bytes, name: str = "coops.csv", where: str = HERE, **fields: str) -> Any:
    body = content.encode() if isinstance(content, str) else content
    data = {"file": (io.BytesIO(body), name), "organisation": who.organisation_id or "", **fields}
    return who.client.post(where, data=data, content_type="multipart/form-data")


def begun(who: Someone, content: str | bytes, name: str = "coops.csv") -> str:
    answer = sent(who, content, name)
    assert answer.status_code == 302, re.findall(r'class="error"[^>]*>([^<]+)', answer.text)
    return str(answer.headers["Location"])


def said(who: Someone, path: str, language: str = "fr") -> str:
    answer = who.client.get(f"{path}?lang={language}&show=all")
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub("[\u2068\u2069]", "", re.sub(r"<[^>]+>", " ", answer.text)))


def confirmed(who: Someone, path: str, check: int = 1) -> Any:
    return who.client.post(f"{path}/write", data={"check": str(check), "agreed": "yes"})


def test_five_kinds_of_mistakes_are_shown_and_only_the_rest_is_recorded(registry: World, khadija: Someone, amina: Someone):
    # M1, M2, M3, M4
    there = a_record(registry, "تعاونية الزيتون", territory="03.131.03.05", data={"commune": "03.131.03.05"})
    place = _code("Guigou")
    there.territory = place
    db.session.commit()
    path = begun(khadija, FILE)
    assert count(Entity) == 1
    french, arabic = said(khadija, path), said(khadija, path, "ar")
    for text in (
        "Colonne B ( الجماعة ) : « Gigou »",
        f"Guigou, Boulemane · {place}",
        "Colonne D ( pres_phone ) : « 06123 »",
        "Colonne E ( Date de l’assemblée constitutive ) : « 2019-13-40 »",
        "Colonne F ( coop_gender ) : « féminin »",
        "Féminine (toutes les membres sont des femmes)",
        "Colonne G ( Femmes membres ) : « douze »",
        "Colonne A ( Nom ) :",
        "la ligne 2",
    ):
        assert text in french, text
    assert "العمود B ( الجماعة )" in arabic
    assert "2 lignes à enregistrer" in french
    refused = khadija.client.post(f"{path}/write", data={"check": "1"})
    assert refused.status_code == 422, "names need the consent of those named"
    assert count(Entity) == 1

    assert confirmed(khadija, path).status_code == 302
    made = {one.label: one for one in db.session.scalars(sa.select(Entity).where(Entity.id != there.id))}
    assert set(made) == {"تعاونية تيفاوين", "تعاونية أركان"}
    first, second = made["تعاونية تيفاوين"], made["تعاونية أركان"]
    assert (first.territory, first.organisation_id, first.version) == (place, registry.al_amal.id, 1)
    assert first.data == {
        "coop_name_ar": "تعاونية تيفاوين",
        "region": place[:2],
        "province": place[:6],
        "commune": place,
        "pres_phone": "0612345678",
        "date_constitution": "2019-05-31",
        "members_w": "12",
        "registry_no": "77/2019",
    }
    assert second.data["pres_phone"] == "0661234567"
    assert second.data["coop_gender"] == "women"
    assert second.data["members_w"] == "1005"
    versions = list(db.session.scalars(sa.select(EntityVersion)))
    assert sorted((one.kind, one.version) for one in versions) == [("import", 1), ("import", 1)]
    answer = amina.client.get(f"/api/sync/pull?programme={registry.programme.id}", headers=amina.delivering)
    assert {one["id"] for one in answer.json["changes"] if one["kind"] == "entity"} >= {first.id, second.id}
    assert audit.first_broken_entry() is None
    entry = db.session.scalar(sa.select(Audit).where(Audit.action == "entity.imported"))
    assert entry is not None
    assert entry.details["records"] == 2
    assert "تعاونية" not in str(entry.details)


@pytest.mark.sqlite_only
def test_the_rows_left_out_come_back_as_a_file_that_can_be_mended(registry: World, khadija: Someone):  # M2
    path = begun(khadija, FILE)
    confirmed(khadija, path)
    answer = khadija.client.get(f"{path}/left.csv?lang=fr")
    lines = answer.data.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("Nom;الجماعة;Province")
    assert [line.split(";")[9] for line in lines[1:]] == ["3", "4", "5", "7"]
    assert "Gigou" in lines[1]
    again = begun(khadija, answer.data.decode("utf-8-sig").replace("Gigou", "Guigou"), "again.csv")
    assert "1 ligne à enregistrer" in said(khadija, again)


def test_an_import_is_undone_but_for_what_was_used_since(registry: World, khadija: Someone):  # M5
    path = begun(khadija, FILE)
    confirmed(khadija, path)
    used = db.session.scalar(sa.select(Entity).where(Entity.label == "تعاونية أركان"))
    assert used is not None
    khadija.deliver(subject={"list": "cooperatives", "id": used.id})
    assert khadija.client.post(f"{path}/undo").status_code == 302
    archived = {one.label: one.archived_at is not None for one in db.session.scalars(sa.select(Entity))}
    assert archived == {"تعاونية تيفاوين": True, "تعاونية أركان": False, "تعاونية الزيتون": True}
    assert "تعاونية أركان" in said(khadija, path)
    # What was undone can be brought again.
    assert "2 lignes à enregistrer" in said(khadija, begun(khadija, FILE))


def test_an_import_that_was_cut_off_goes_on_where_it_stopped(registry: World, khadija: Someone, monkeypatch: Any):  # M6
    monkeypatch.setattr(imports, "PART", 2)
    rows = [f"تعاونية {n};Guigou;Boulemane" for n in range(5)]
    path = begun(khadija, "\n".join(["Nom;Commune;Province", *rows]))
    whole, parts = imports._write_part, []

    def cut(*given: Any) -> None:
        if len(parts) == 1:
            raise KeyboardInterrupt
        parts.append(whole(*given))

    monkeypatch.setattr(imports, "_write_part", cut)
    with pytest.raises(KeyboardInterrupt):
        confirmed(khadija, path)
    db.session.rollback()
    assert count(Entity) == 2
    assert "2 lignes sur 5" in said(khadija, path)
    a_record(registry, "تعاونية 4", territory=_code("Guigou"))  # a phone was faster
    monkeypatch.setattr(imports, "_write_part", whole)
    assert confirmed(khadija, path).status_code == 302
    assert confirmed(khadija, path).status_code == 302, "asked twice, it records nothing twice"
    assert count(ImportedRecord) == 4
    one = db.session.scalars(sa.select(RecordImport)).one()
    assert (one.state, one.counts["written"], one.counts["late"]) == ("done", 4, 1)


@pytest.mark.sqlite_only
def test_columns_can_be_chosen_and_a_workbook_is_read(registry: World, khadija: Someone):  # M1
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Intitulé", "Commune", "Province", "Lat", "Long"])
    sheet.append(["تعاونية السلام", "Guigou", "Boulemane", 33.38, -4.83])
    sheet.append(["تعاونية الوفاء", "Guigou", "Boulemane", -4.83, 33.38])
    stream = io.BytesIO()
    book.save(stream)
    path = begun(khadija, stream.getvalue(), "coops.xlsx")
    assert confirmed(khadija, path).status_code == 422, "no column holds the names"
    columns = ["coop_name_ar", "commune", "province", "@latitude", "@longitude"]
    assert khadija.client.post(f"{path}/columns", data={"column": columns}).status_code == 302
    assert "hors du Maroc" in said(khadija, path)
    assert confirmed(khadija, path).status_code == 409, "what was shown is not what would be recorded"
    assert confirmed(khadija, path, check=2).status_code == 302
    made = db.session.scalars(sa.select(Entity)).one()
    assert (made.lat, made.lon) == (33.38, -4.83)


@pytest.mark.sqlite_only
def test_a_hundred_thousand_rows_get_a_clear_answer(registry: World, khadija: Someone):  # M7
    answer = sent(khadija, "Nom;Commune\n" + "تعاونية;Guigou\n" * 100_000)
    assert answer.status_code == 422
    assert "20000" in answer.text.replace("\u202f", "")
    assert count(RecordImport) == 0
    for content, name in (
        (b"", "a.csv"),
        (b"Nom;Commune\n", "a.csv"),
        (b"\xff\xfe\x00", "a.csv"),
        (b"PK", "a.xlsx"),
        (b"a", "a.pdf"),
    ):
        assert sent(khadija, content, name).status_code == 422, name


@pytest.mark.sqlite_only
def test_only_a_coordinator_brings_records_of_her_organisation_and_territory(
    registry: World, khadija: Someone, fatima: Someone, said: Someone, admin: Someone
):  # M8
    for nobody in (fatima, said):
        assert nobody.client.get(HERE).status_code == 403
        assert sent(nobody, FILE).status_code == 403
    assert sent(khadija, FILE, organisation=registry.al_hadaf.id).status_code == 422
    membership = db.session.scalar(sa.select(Membership).where(Membership.person_id == khadija.id))
    assert membership is not None
    membership.territories = [_code("Missour")]
    db.session.commit()
    path = begun(khadija, FILE)
    confirmed(khadija, path)
    assert [one.label for one in db.session.scalars(sa.select(Entity))] == ["تعاونية أركان"]
    assert admin.client.get(path).status_code == 200
    membership = db.session.scalar(sa.select(Membership).where(Membership.person_id == fatima.id))
    assert membership is not None
    membership.role = "coordinator"
    db.session.commit()
    assert fatima.client.get(path).status_code == 404


def test_cells_are_read_as_people_write_them():  # M2
    for text, number in {
        "1 234,50": "1234.5",
        "1.234,5": "1234.5",
        "١٢": "12",
        "12 000 DH": "12000",
        "007": "7",
        "-0": "0",
    }.items():
        assert values.number(text, whole=False) == number, text
    for text, day in {"1/2/2020": "2020-02-01", "2020-2-1": "2020-02-01", "01.02.2020": "2020-02-01"}.items():
        assert values.day(text) == day, text
    for text, phone in {"+212 6 12 34 56 78": "0612345678", "00212612345678": "0612345678", "612345678": "0612345678"}.items():
        assert values.phone(text) == phone, text
    assert values.point("33,0461; -3,9924") == "33.0461 -3.9924 0 0"
    for read, text in ((values.day, "2019"), (values.day, "31/02/2020"), (values.phone, "0112345678"), (values.point, "33")):
        with pytest.raises(Wrong):
            read(text)


def _code(commune: str) -> str:
    from app.registry import places

    return next(code for code, known in places.names().items() if known["fr"] == commune and code.count(".") > 2)
