"""A programme is a folder of data: read strictly, loaded whole or not at all (docs/programmes.md).

K1  a sixth programme is a copied folder with another code: it loads without a line of code
K2  loading twice changes nothing and says so; what people changed since stays theirs
K3  what is wrong is said with its file, its place, what was found and what is allowed, in both languages; nothing is loaded
K4  contributions that do not match the budget are warned of, never refused; pages show them
K5  without the programme's own reference of the CNDP, forms with names stay shut
K6  organisations may work in the same places
K7  choices of the programme's own are read by forms that come with Daftar; other choices later are a version of their own
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.core.db import db
from app.core.models import Audit
from app.core.problems import Problem
from app.instruments import consent
from app.instruments.models import Dataset, Instrument, InstrumentVersion
from app.instruments.queries import published
from app.packs.loading import load
from app.packs.reading import folder_of, known, read
from app.programmes import operations as programmes
from app.programmes.plan import Plan
from app.registry.models import Entity, Organisation, Programme
from app.submissions.models import Submission
from tests.conftest import NOW, count

Change = Callable[[dict[str, Any]], Any]
COOPERATIVES = "key,label,coop_name_fr,sector,commune\np1,تعاونية الأمل,Coopérative Al Amal,ART,03.131.01.03\n"
SECTORS, CHOICES = "choices/programme_sectors.csv", "name,label,label_ar,label_fr,sectors\n"
OWN_FORM = """
| survey |
| | type | name | label::العربية (ar) | label::Français (fr) |
| | integer | looms | عدد المناسج | Nombre de métiers |
| settings |
| | form_title | form_id | version |
| | جرد | looms | 1 |
"""


@pytest.fixture
def sixth(tmp_path: Path) -> Callable[..., Path]:
    """A copy of a pack with another code. It may change programme.json, and put other files beside it."""

    def make(change: Change = lambda said: None, **files: str) -> Path:
        folder = tmp_path / "sixth"
        shutil.copytree(folder_of("boulemane"), folder, dirs_exist_ok=True)
        said = json.loads((folder / "programme.json").read_text("utf-8"))
        said |= {"code": "sefrou", "territories": ["03.451"], "instruments": ["coop"]}
        for organisation in said["organisations"]:
            organisation["territories"] = ["03.451"]
        change(said)
        (folder / "programme.json").write_text(json.dumps(said, ensure_ascii=False), "utf-8")
        for name in ("indicators.json", "home.json"):
            (folder / name).unlink(missing_ok=True)
        for name, text in files.items():
            path = folder / (name if "/" in name else name.replace("__", "/").replace("_", "."))
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8")
        return folder

    return make


def the(model: Any, *conditions: Any) -> Any:
    db.session.rollback()
    return db.session.scalars(sa.select(model).where(*conditions)).one()


def test_a_copied_folder_is_a_programme_and_loads_once(app, sixth):  # K1 K2 K5 K6
    def change(said: dict[str, Any]) -> None:
        said["instruments"] += ["forms/looms.md"]
        said["retention"] = {"coop": 24}

    folder = sixth(change, forms__looms_md=OWN_FORM, lists__cooperatives_csv=COOPERATIVES)
    run = app.test_cli_runner()
    first = run.invoke(args=["programme", "load", str(folder)])
    assert first.exit_code == 0, first.output
    assert "sefrou is loaded" in first.output
    programme = the(Programme, Programme.code == "sefrou")
    assert not programme.is_demo
    assert [one.instrument.form_id for one in published(programme.id)] == ["coop", "looms"]
    assert the(Instrument, Instrument.form_id == "coop").retention_months == 24
    areas = db.session.scalars(sa.select(Organisation.territories).where(Organisation.programme_id == programme.id)).all()
    assert areas == [["03.451"]] * 5
    record = the(Entity)
    assert (record.label, record.territory, record.data["sector"]) == ("تعاونية الأمل", "03.131.01.03", "ART")
    shut = {one.instrument.form_id: bool(consent.missing(programme, one.version)) for one in published(programme.id)}
    assert shut == {"coop": True, "looms": False}

    hadaf = programmes.find_organisation(programme, "hadaf")
    programmes.set_closed(None, programme, hadaf, True, now=NOW)
    record.label = "تعاونية الأمل، كما صححها المكتب"
    db.session.commit()
    before = count(Audit)
    again = run.invoke(args=["programme", "load", str(folder)])
    assert "sefrou was loaded before: nothing changed" in again.output
    assert count(Audit) == before
    assert the(Entity).label.endswith("المكتب")
    assert the(Organisation, Organisation.code == "hadaf").closed_at is not None
    assert count(Submission) == 0, "a demonstration is only played where it is allowed"


@pytest.mark.sqlite_only
def test_choices_of_the_programme_are_read_and_may_change(app, sixth):  # K7
    def versions() -> list[tuple[str, int]]:
        db.session.rollback()
        found = []
        for one in db.session.scalars(sa.select(InstrumentVersion).order_by(InstrumentVersion.seq)):
            sha256 = json.loads(one.package)["datasets"]["programme_sectors"]["sha256"]
            content = db.session.scalars(sa.select(Dataset.content).where(Dataset.sha256 == sha256)).one()
            found.append((one.version, len(json.loads(content)["rows"])))
        return found

    folder = sixth()
    assert load(read(folder), now=NOW)
    [(version, many)] = versions()
    assert many == 4
    path = folder / SECTORS
    path.write_text(path.read_text("utf-8") + "oil,الزيوت - Huiles,الزيوت,Huiles,ARG\n", "utf-8")
    assert load(read(folder), now=NOW) == ["form coop"]
    assert versions() == [(version, 4), (str(int(version) + 1), 5)]
    assert load(read(folder), now=NOW) == []


WRONG: list[tuple[Change, dict[str, str], str, str]] = [
    (lambda said: said["instruments"].append("diagg"), {}, "programme.json", "instruments[2]"),
    (lambda said: said["instruments"].append("forms/none.md"), {}, "programme.json", "instruments[2]"),
    (lambda said: said.update(territory=["03"]), {}, "programme.json", "territory"),
    (lambda said: said.update(territories=["99.999"]), {}, "programme.json", "territories[1]"),
    (lambda said: said.pop("name"), {}, "programme.json", "name"),
    (lambda said: said["name"].update(ar=" "), {}, "programme.json", "name.ar"),
    (lambda said: said.update(budget={"amount": 4000000}), {}, "programme.json", "budget.amount"),
    (lambda said: said["organisations"].append(said["organisations"][0]), {}, "programme.json", "organisations[6]"),
    (lambda said: said.update(starts_on="2016-12-08", ends_on="2016-12-01"), {}, "programme.json", "ends_on"),
    (lambda said: said.update(consent={"cndp": {"ar": "…", "fr": "…"}}), {}, "programme.json", "consent.cndp"),
    (lambda said: None, {"lists__cooperatives_csv": "key,label,setcor\np1,x,ART\n"}, "lists/cooperatives.csv", "line 2"),
    (lambda said: None, {"lists__looms_csv": "key,label\np1,x\n"}, "lists/looms.csv", "—"),
    (lambda said: None, {SECTORS: f"{CHOICES}oil,ز,ز,Huile,ARG HUI\n"}, SECTORS, "line 2, sectors"),
    (lambda said: None, {SECTORS: f"{CHOICES}oil,ز,,Huile,ARG\n"}, SECTORS, "line 2, label_ar"),
    (lambda said: None, {"choices/sectors.csv": f"{CHOICES}oil,ز,ز,Huile,ARG\n"}, "choices/sectors.csv", "—"),
    (lambda said: None, {"programme_json": '{"code": "sefrou",\n  name}'}, "programme.json", "line 2, column 3"),
]


@pytest.mark.sqlite_only  # nothing of it is written
@pytest.mark.parametrize(("change", "files", "file", "place"), WRONG, ids=lambda one: one if isinstance(one, str) else "")
def test_what_is_wrong_is_said_with_its_place_in_both_languages(app, sixth, change, files, file, place):  # K3
    with pytest.raises(Problem) as refused:
        read(sixth(change, **files))
    said = refused.value.to_json()
    assert (said["code"], said["details"]["file"], said["details"]["place"]) == ("packs.wrong", file, place)
    for text in said["message"].values():
        assert place in text
        assert said["details"]["allowed"] in text


COUNTED = {
    "code": "cooperatives",
    "name": {"ar": "التعاونيات", "fr": "Coopératives"},
    "definition": {"ar": "كل تعاونية مرة واحدة", "fr": "Chaque coopérative une fois"},
    "unit": "cooperatives",
    "measure": "rows",
    "over": {"list": "cooperatives"},
}
PANEL = {"kind": "split", "title": {"ar": "حسب القطاع", "fr": "Par secteur"}, "indicators": ["cooperatives"], "by": "sector"}
WRONG_FIGURES: list[tuple[str, list[dict[str, Any]], str]] = [
    ("indicators.json", [COUNTED | {"where": [{"of": "sektor", "is": "ART"}]}], "sektor"),
    ("indicators.json", [COUNTED | {"target": {"value": 43}}], "target"),
    ("indicators.json", [COUNTED | {"over": {"instrument": "diag"}}], "diag"),
    ("home.json", [PANEL], "cooperatives"),
    ("home.json", [PANEL | {"kind": "pie"}], "pie"),
]


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("file", "content", "found"), WRONG_FIGURES, ids=lambda one: one if isinstance(one, str) else "")
def test_a_wrong_indicator_or_panel_is_said_with_its_place_and_nothing_is_loaded(app, sixth, file, content, found):  # K3
    folder = sixth()
    (folder / file).write_text(json.dumps(content), "utf-8")
    with pytest.raises(Problem) as refused:
        load(read(folder), now=NOW)
    said = refused.value.to_json()
    assert said["details"]["file"] == file
    assert all(file in text and found in text for text in said["message"].values()), said["message"]
    assert count(Programme) == count(Organisation) == count(Audit) == 0

    if file == "indicators.json":
        (folder / file).write_text(json.dumps([COUNTED | {"target": {"value": 43, "unit": "cooperatives"}}]), "utf-8")
        assert "indicators" in load(read(folder), now=NOW), "put right, it loads"


def test_a_form_with_an_error_changes_nothing_at_all(app, sixth):  # K3
    folder = sixth(
        lambda said: said["instruments"].append("forms/looms.md"), forms__looms_md=OWN_FORM.replace("integer", "integr")
    )
    refused = app.test_cli_runner().invoke(args=["programme", "load", str(folder)])
    assert refused.exit_code == 1
    for word in ("forms/looms.md", "survey 4", "integr"):
        assert word in refused.output
    assert count(Programme) == count(Instrument) == count(Audit) == 0


def test_a_pack_that_is_found_wrong_while_it_is_written_leaves_nothing_behind(app, sixth):  # K3
    first = sixth(lambda said: said["instruments"].append("forms/looms.md"), forms__looms_md=OWN_FORM)
    load(read(first), now=NOW)
    before = count(Audit)

    def change(said: dict[str, Any]) -> None:
        said["name"]["fr"] = "Autre nom"
        said["instruments"].append("forms/looms.md")

    other = sixth(change, forms__looms_md=OWN_FORM.replace("عدد المناسج", "كم منسجا"))
    with pytest.raises(Problem) as refused:
        load(read(other), now=NOW)
    assert refused.value.kind.code == "instruments.version_taken"
    assert count(Audit) == before
    assert the(Programme).name["fr"] != "Autre nom"


def test_sums_that_do_not_match_are_warned_of_and_shown(app, sixth, admin):  # K4
    def change(said: dict[str, Any]) -> None:
        said["budget"] = {"amount": "4000000.00", "note": {"ar": "أكثر من", "fr": "plus de"}}
        money = {"kind": "money", "amount": "3700000.00"}
        land = {"kind": "land", "note": {"ar": "قطعة أرضية", "fr": "un terrain"}}
        said["partners"] = [
            {"code": "drosos", "name": {"ar": "دروصوص", "fr": "Drosos"}, "role": "donor", "contributions": [money, land]}
        ]
        said["phases"] = [{"code": "one", "name": {"ar": "التكوين", "fr": "Formation"}, "starts_on": "2015-06-17"}]

    loaded = app.test_cli_runner().invoke(args=["programme", "load", str(sixth(change))])
    assert loaded.exit_code == 0
    assert "3\u202f700\u202f000,00 / 4\u202f000\u202f000,00 MAD" in loaded.output
    programme = the(Programme, Programme.code == "sefrou")
    plan = Plan.of(programme)
    assert (plan.pledged, plan.difference, plan.share(plan.pledged)) == (3_700_000, -300_000, pytest.approx(92.5))
    browser = admin.client
    for language, words in (
        ("ar", ("دروصوص", "قطعة أرضية", "التكوين", "17 يونيو 2015")),
        ("fr", ("Drosos", "un terrain", "Formation")),
    ):
        page = browser.get(f"/programmes/{programme.id}?lang={language}").text
        for word in (*words, "4\u202f000\u202f000,00", "3\u202f700\u202f000,00", "300\u202f000,00", "92,5 %"):
            assert word in page, (language, word)


@pytest.mark.sqlite_only
def test_each_pack_that_comes_with_daftar_reads(app):
    assert known()
    for code in known():
        assert read(folder_of(code)).code == code
