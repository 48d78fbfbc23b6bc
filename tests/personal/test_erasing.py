"""What is held about one person (docs/personal-data.md):

D1  she is found by name in any spelling, by number, and by her record: in records and their history, rows and answers of every
    revision, files, remarks, what waits and tables on their way; namesakes are shown, and only what is ticked is touched
D2  what is held is given out as a file, with her pictures and signatures
D3  erased means erased: her name and number stand nowhere in the database, her files are gone from the disk
D4  figures, scores, choices and the count of persons stay; the chain holds and names nobody
D5  phones get the deletion with their next pull; an old phone that says her name again changes nothing
D6  what arrives later, or comes back with an older copy, is erased again, what is surely hers before it is filed; what only bears
    her name is reported
D7  an instrument's answers are kept as long as its retention says
D8  who answers for one person's data answers for the whole programme
D9  copies of rescue files keep only what is not here; what was erased leaves them, what nobody can look into is said
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import shutil
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.core import audit
from app.core.db import begin_writing, db
from app.core.ids import new_id
from app.core.models import Audit, Setting
from app.instruments import operations
from app.instruments.models import Instrument
from app.instruments.operations import Checked
from app.personal import erasing, later
from app.personal.finding import search
from app.personal.operations import asked
from app.registry.models import Entity, EntityVersion
from app.rescue import copies
from app.rescue.operations import bring
from app.submissions import kept
from app.submissions.attachments import path_of
from app.submissions.models import Attachment, Remark, Revision, Submission
from tests.conftest import NOW, Someone, World, count, item_of
from tests.conftest import later as from_now
from tests.rescue.test_rescue import a_file

HERE = "/personal-data"
NAME, PHONE = "زهرة بناني", "0612345678"
FORMS: list[Checked] = []


class Held:
    """A programme in which Zahra Bennani took part twice and presides a cooperative."""

    def __init__(self, world: World, amina: Someone) -> None:
        if not FORMS:
            content = (Path(__file__).parent / "session.md").read_bytes()
            FORMS.append(operations.check(world.programme.id, "session.md", content))
        self.world, self.amina = world, amina
        self.form = operations.publish_checked(None, world.programme.id, FORMS[0], NOW).sha256
        db.session.commit()
        self.coop, self.zahra, self.khadija, self.namesake = (new_id() for _ in range(4))
        create = {
            "list": "cooperatives",
            "id": self.coop,
            "action": "create",
            "label": "تعاونية الأمل",
            "data": {"sector": "food"},
        }
        amina.deliver(form_id="session", form_sha256=self.form, entities=[create], answers={}, title="تعاونية الأمل")
        self.sign = b"\xff\xd8\xff her signature"
        self.first = self.session(
            [
                self.row(NAME, PHONE, "sign-1.jpg"),
                self.row("خديجة أمراني", "0699999999", ""),
                self.row("زهرة بناني", "0655555555", ""),
            ],
            [
                self.person("create", self.zahra, NAME, PHONE),
                self.person("create", self.khadija, "خديجة أمراني", "0699999999"),
                self.person("create", self.namesake, "زهرة بناني", "0655555555"),
            ],
            files={"sign-1.jpg": self.sign},
            notes="اتصلت بنا زهرة بناني أمس",
        )
        # A second session names her record, and writes her name another way.
        self.second = self.session(
            [self.row("زهرة البناني", PHONE, "", person=self.zahra)],
            [self.person("update", self.zahra, "زهرة البناني", PHONE, 1)],
        )
        # Other bytes under the same ids are set aside, and their bytes are kept whatever is decided.
        other = self.first | {"answers": self.first["answers"] | {"k_women": "25"}}
        assert amina.push(other).json["results"][0]["result"] == "quarantined"
        db.session.commit()
        row = Remark(
            id=new_id(),
            submission_id=self.second["submission_id"],
            revision_id=self.second["revision_id"],
            question="",
            text=f"تأكدوا من رقم {PHONE}",
            author_id=amina.id,
            at=NOW,
        )
        db.session.add(row)
        db.session.commit()

    def row(self, name: str, phone: str, sign: str, *, person: str = "") -> dict[str, str]:
        found = {"p_consent": "yes", "p_person": person, "p_name": name, "p_phone": phone, "p_age": "18_35", "p_sign": sign}
        return {key: value for key, value in found.items() if value}

    def person(self, action: str, record: str, name: str, phone: str, base: int | None = None) -> dict[str, Any]:
        data = {"full_name": name, "phone": phone, "age_group": "18_35"}
        return {"list": "persons", "id": record, "action": action, "label": name, "data": data, "base_version": base}

    def session(self, rows: list[dict[str, str]], entities: list[Any], files: Any = None, notes: str = "") -> dict[str, Any]:
        president = {"pres_name": NAME, "pres_phone": PHONE, "members_w": "24"}
        coop = {"list": "cooperatives", "id": self.coop, "action": "update", "label": "", "data": president}
        answers = {"coop": self.coop, "consent": "yes", "pres_name": NAME, "pres_phone": PHONE, "k_women": "24", "part": rows}
        attachments = []
        for name, content in (files or {}).items():
            sha256 = hashlib.sha256(content).hexdigest()
            about = {"name": name, "question": "part[1]/p_sign", "sha256": sha256, "size": len(content), "type": "image/jpeg"}
            attachments.append(about)
        made = self.amina.deliver(
            form_id="session",
            form_sha256=self.form,
            answers=answers | ({"notes": notes} if notes else {}),
            entities=[coop, *entities],
            attachments=attachments,
            title=f"دورة مع {NAME}",
            consent={"responsible_org": {"ar": "جمعية الأمل", "fr": "Association Al Amal"}},
            subject={"list": "cooperatives", "id": self.coop},
        )
        for name, content in (files or {}).items():
            path = path_of(hashlib.sha256(content).hexdigest())
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            slot = db.session.scalars(sa.select(Attachment).where(Attachment.name == name)).one()
            slot.complete_at = NOW
        db.session.commit()
        return made

    @property
    def programme(self) -> str:
        return self.world.programme.id


@pytest.fixture
def held(world: World, amina: Someone) -> Held:
    return Held(world, amina)


def everything_said() -> str:
    """Every text in the database, whatever its table; compressed bytes opened."""
    db.session.rollback()
    said = []
    for table in sa.inspect(db.engine).get_table_names():
        for row in db.session.execute(sa.text(f'SELECT * FROM "{table}"')):
            for value in row:
                if isinstance(value, bytes | memoryview):
                    value = bytes(value)
                    said.append(gzip.decompress(value).decode() if value[:2] == b"\x1f\x8b" else "")
                else:
                    said.append(json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value))
    return "\n".join(said)


def hers(held: Held) -> list[str]:
    """Keys of what is hers: not the namesake's record nor row."""
    found = search(held.programme, asked(PHONE)).found
    return [one.key for one in found]


def test_she_is_erased_everywhere_and_figures_stay(held: Held, admin: Someone, amina: Someone):  # D1, D3, D4, D5, D6
    kinds = {one.kind: one for one in search(held.programme, asked(PHONE)).found}
    assert {"record", "property", "row", "answer", "text", "aside"} <= kinds.keys()
    cursor = amina.client.get(f"/api/sync/pull?programme={held.programme}", headers=amina.delivering).json["next_cursor"]
    keys = hers(held)
    assert f"record:{held.namesake}" not in keys
    page = admin.client.post(HERE, data={"q": PHONE, "key": keys, "action": "erase"})
    assert page.status_code == 200
    assert count(Entity, Entity.erased_at.is_not(None)) == 0, "asked once more first"

    assert admin.client.post(HERE, data={"q": PHONE, "key": keys, "action": "erase", "sure": "yes"}).status_code == 302
    said = everything_said()
    for gone in (PHONE, PHONE[1:], "زهرة البناني", "0612 34"):
        assert gone not in said, gone
    # Her namesake's name stays with her namesake, and in the note that nobody ticked by name.
    rows = json.loads(gzip.decompress(db.session.get_one(Revision, held.first["revision_id"]).body))["answers"]["part"]
    assert [row.get("p_name") for row in rows] == [None, "خديجة أمراني", "زهرة بناني"]
    assert [row["p_age"] for row in rows] == ["18_35"] * 3
    assert not path_of(hashlib.sha256(held.sign).hexdigest()).exists()
    zahra = db.session.get_one(Entity, held.zahra)
    assert (zahra.label, zahra.data["age_group"], zahra.words.strip()) == ("", "18_35", "")
    assert count(Entity, Entity.list == "persons") == 3
    coop = db.session.get_one(Entity, held.coop)
    assert (coop.data["pres_name"], coop.data["members_w"], coop.data["sector"]) == ("", "24", "food")
    assert audit.first_broken_entry() is None

    changes = amina.client.get(f"/api/sync/pull?programme={held.programme}&cursor={cursor}", headers=amina.delivering).json[
        "changes"
    ]
    assert {"op": "del", "id": held.zahra}.items() <= next(one for one in changes if one["id"] == held.zahra).items()
    told = json.dumps(changes, ensure_ascii=False)
    assert PHONE not in told
    assert held.first["submission_id"] in told

    # An old phone still has her record and the cooperative as they were.
    late = held.session(
        [held.row("زهرة البناني", PHONE, "", person=held.zahra)], [held.person("update", held.zahra, NAME, PHONE, 2)]
    )
    assert db.session.get_one(Entity, held.zahra).label == ""
    assert row_of(late) == {"p_consent": "yes", "p_person": held.zahra, "p_age": "18_35"}, "no name, at no moment"
    result = later.again(now=NOW, apply=True)
    assert result.done.submissions == 0
    assert [path for submission_id, path in result.perhaps if submission_id == late["submission_id"]] == [
        "pres_name",
        "pres_phone",
    ], "the president may be another who is called so: a person looks"
    # The same form sent again is still the same form.
    assert amina.push(held.first).json["results"][0]["result"] == "duplicate"


def test_texts_of_records_and_answers_kept_aside_lose_her_name_and_number(held: Held, amina: Someone):  # D1, D3
    """Looked for by name; her number goes with her. The list is any that is not of persons."""
    action, said = new_id(), f"سلمت {NAME} الفواتير، هاتفها +212 6 12 34 56 78"
    create = {"list": "cooperatives", "id": action, "action": "create", "label": f"تسجيل {NAME} في الضمان الاجتماعي"}
    kept = {"question": "old", "type": "text", "relevant": True, "label": {}, "form_version": "0", "form_sha256": "x", "row": ""}
    visit = amina.deliver(
        form_id="session",
        form_sha256=held.form,
        answers={"coop": held.coop, "notes": said},
        title="زيارة",
        entities=[create | {"data": {"coop": held.coop, "remark": said, "status": "open"}}],
        aside=[kept | {"value": NAME, "said": NAME}],
    )
    assert amina.push(visit | {"language": "fr"}).json["results"][0]["result"] == "quarantined"
    db.session.commit()
    who = asked(NAME)
    places = search(held.programme, who)
    assert [(one.name, one.is_sure) for one in places.found if one.object_id == action] == [("", False), ("remark", False)]
    begin_writing()
    done = erasing.erase(None, held.programme, who, places.found, archive=True, now=NOW)
    db.session.commit()
    erasing.finish(done)
    rest = everything_said().replace(f"تأكدوا من رقم {PHONE}", "")  # a remark that names nobody
    for gone in (NAME, "البناني", PHONE, "34 56 78"):
        assert gone not in rest, gone
    kept_action = db.session.get_one(Entity, action)
    assert (kept_action.label, kept_action.data["status"]) == ("تسجيل … في الضمان الاجتماعي", "open")
    assert kept_action.data["remark"] == "سلمت … الفواتير، هاتفها …"
    assert search(held.programme, who).found == []


def row_of(envelope: dict[str, Any], number: int = 1) -> dict[str, str]:
    db.session.rollback()
    found: dict[str, str] = json.loads(gzip.decompress(db.session.get_one(Revision, envelope["revision_id"]).body))["answers"][
        "part"
    ][number - 1]
    return found


def erase(held: Held) -> None:
    who = asked(PHONE)
    places = search(held.programme, who)
    begin_writing()
    done = erasing.erase(None, held.programme, who, places.found, archive=True, now=NOW, seen=places.seq)
    db.session.commit()
    erasing.finish(done)


def test_a_correction_by_a_phone_that_still_has_her_name_is_filed_without_it(held: Held, amina: Someone):  # D5, D6
    erase(held)
    again = held.first | {
        "revision_id": new_id(),
        "parent_revision_id": held.first["revision_id"],
        "answers": held.first["answers"] | {"k_women": "26"},
    }
    result = amina.push(again).json["results"][0]
    assert (result["result"], result["receipt"]["missing"]) == ("accepted", [])
    assert result["receipt"]["sha256"] == item_of(again)["sha256"], "of what arrived"
    assert row_of(again) == {"p_consent": "yes", "p_age": "18_35"}
    assert row_of(again, 2)["p_name"] == "خديجة أمراني"
    assert row_of(again, 3)["p_name"] == NAME, "a namesake's row, which was left in this form"
    submission = db.session.get_one(Submission, again["submission_id"])
    assert (submission.current_revision_id, NAME in submission.title) == (again["revision_id"], False)
    said = everything_said()
    assert PHONE not in said.replace(f"تأكدوا من رقم {PHONE}", "")
    entry = db.session.scalars(sa.select(Audit).where(Audit.object_id == again["revision_id"])).one()
    assert (entry.action, entry.details["erased"]) == ("submission.revised", 3), "her name, her number, her signature"
    assert audit.first_broken_entry() is None
    assert amina.push(again).json["results"][0]["result"] == "duplicate"
    # Other bytes under its number are set aside, and hold her name no more than it does.
    aside = amina.push(again | {"answers": again["answers"] | {"k_women": "27"}}).json["results"][0]
    assert aside["result"] == "quarantined"
    assert PHONE not in everything_said().replace(f"تأكدوا من رقم {PHONE}", "")


def test_copies_of_rescue_files_keep_nothing_of_her(app: Any, held: Held, amina: Someone, admin: Someone, tmp_path: Path):  # D9
    """What is not sealed proves no author: the form waits in quarantine, and its picture in the copy."""
    picture = b"\xff\xd8\xff her face" * 50
    sha256 = hashlib.sha256(picture).hexdigest()
    described = {"name": "sign-9.jpg", "question": "part[1]/p_sign", "sha256": sha256, "size": len(picture), "type": "image/jpeg"}
    row = held.row(NAME, PHONE, "sign-9.jpg", person=held.zahra)
    form = amina.envelope(form_id="session", form_sha256=held.form, answers={"part": [row]}, attachments=[described], title=NAME)
    torn = item_of(amina.envelope(answers={"p_name": NAME, "p_phone": PHONE}))
    content = a_file([item_of(form), torn | {"envelope": torn["envelope"][:-9]}], [(form["submission_id"], picture)])
    brought = bring(app, io.BytesIO(content), actor_id=None, now=NOW)
    assert brought.left is not None
    assert (brought.left.forms, brought.left.files, brought.left.unread) == (1, 1, 1)
    kept = b"".join(file.read_bytes() for file in tmp_path.glob("rescue/*"))
    assert (form["title"].encode() in kept, picture in kept) == (True, True), "a form that nobody can read, and the picture"
    page = admin.client.get(f"{HERE}?q={PHONE}&lang=fr").text
    assert "fichier de secours" in page
    erase(held)
    kept = b"".join(file.read_bytes() for file in tmp_path.glob("rescue/*"))
    for gone in (picture, PHONE.encode(), NAME.split(" ")[0].encode()):
        assert gone not in kept
    assert [(left.forms, left.files) for left in copies.all_left()] == [(1, 0)], "what is damaged stays until somebody decides"
    assert admin.client.post(f"/phones/rescue/{brought.sha256}/drop").status_code == 302
    assert copies.all_kept() == []


def test_a_phone_that_never_heard_of_the_erasure_does_not_bring_a_property_back(held: Held, amina: Someone):  # D5
    record = db.session.get_one(Entity, held.coop)
    base = record.version
    begin_writing()
    who = asked(PHONE)
    places = [one for one in search(held.programme, who).found if one.kind == "property"]
    erasing.erase(None, held.programme, who, places, archive=False, now=NOW)
    db.session.commit()
    change = {"list": "cooperatives", "id": held.coop, "action": "update", "label": "", "base_version": base}
    data = {"pres_name": NAME, "pres_phone": PHONE, "members_w": "25"}
    amina.deliver(form_id="session", form_sha256=held.form, answers={}, entities=[change | {"data": data}])
    db.session.expire_all()
    record = db.session.get_one(Entity, held.coop)
    assert (record.data["pres_name"], record.data["pres_phone"], record.data["members_w"]) == ("", "", "25")
    data["pres_name"] = "فاطمة الزهراء"
    amina.deliver(form_id="session", form_sha256=held.form, answers={}, entities=[change | {"data": data}])
    db.session.expire_all()
    assert db.session.get_one(Entity, held.coop).data["pres_name"] == "فاطمة الزهراء", "another president is another person"
    # A phone that does not say from which version it went on, and one that had the version before she was named there.
    for old in (None, 1):
        data["pres_name"] = NAME
        amina.deliver(
            form_id="session", form_sha256=held.form, answers={}, entities=[change | {"data": data, "base_version": old}]
        )
        db.session.expire_all()
        assert db.session.get_one(Entity, held.coop).data["pres_name"] == "فاطمة الزهراء"


def test_each_night_and_after_a_restore_it_looks_again_by_itself(held: Held):  # D6
    erase(held)

    def put_back() -> None:
        db.session.execute(sa.update(Entity).where(Entity.id == held.zahra).values(label=NAME, erased_at=None))
        db.session.commit()

    def looked(after: timedelta) -> tuple[bool, str]:
        did = later.again_each_night(now=NOW + after)
        db.session.expire_all()
        return did, db.session.get_one(Entity, held.zahra).label

    put_back()
    assert looked(timedelta(0)) == (True, "")
    put_back()
    assert looked(timedelta(seconds=3)) == (False, NAME), "once a day"
    assert looked(timedelta(days=1)) == (True, "")
    put_back()
    db.session.merge(Setting(name="epoch", value="another"))
    db.session.commit()
    assert looked(timedelta(days=1, seconds=3)) == (True, ""), "a copy was put back"


def test_what_arrives_while_she_is_erased_is_looked_at_afterwards(held: Held):  # D6
    """After the list was shown, before it was confirmed."""
    who = asked(PHONE)
    shown = search(held.programme, who)
    late = held.session([held.row(NAME, PHONE, "", person=held.zahra)], [])
    begin_writing()
    erased = erasing.erase(None, held.programme, who, shown.found, archive=True, now=NOW, seen=shown.seq)
    db.session.commit()
    erasing.finish(erased)
    assert row_of(late)["p_name"] == NAME
    assert later.again(now=NOW, apply=True).done.submissions == 1
    assert "p_name" not in row_of(late)


@pytest.mark.sqlite_only
def test_what_is_held_is_given_out_corrected_and_taken_out_by_name(held: Held, admin: Someone):  # D1, D2
    page = admin.client.get(f"{HERE}?q=زهره بناني&lang=fr").text
    assert f"record:{held.zahra}" in page
    assert f"record:{held.namesake}" in page, "a namesake is shown: a person decides"
    assert " checked>" not in page, "nothing is ticked by itself while several are called so"
    assert " checked>" in admin.client.get(f"{HERE}?q={PHONE}&lang=fr").text
    record = admin.client.get(f"/records/persons/{held.zahra}?lang=fr").text
    assert f'href="{HERE}?record={held.zahra}"' in record
    page = admin.client.get(f"{HERE}?record={held.zahra}&lang=fr").text
    assert f'value="row:{held.second["submission_id"]}:part[1]"' in page, (
        "her record leads to her rows, however she is named there"
    )
    answer = admin.client.post(f"{HERE}?lang=fr", data={"q": PHONE, "key": hers(held), "action": "export"})
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        table = archive.read("data.csv").decode("utf-8-sig")
        files = [name for name in archive.namelist() if name.startswith("files/")]
        assert [archive.read(name) for name in files] == [held.sign]
    for told in (NAME, "زهرة البناني", PHONE, "Tranche d’âge;18 à 35 ans", "Association Al Amal"):
        assert told in table, told
    assert "0655555555" not in table
    assert "خديجة" not in table
    answer = admin.client.post(HERE, data={"q": PHONE, "key": hers(held), "action": "correct", "was": PHONE, "now": "0611111111"})
    assert answer.status_code == 302
    db.session.expire_all()
    assert db.session.get_one(Entity, held.zahra).data["phone"] == "0611111111"
    assert db.session.get_one(Entity, held.coop).data["pres_phone"] == "0611111111"
    keys = [one.key for one in search(held.programme, asked("0611111111")).found]
    admin.client.post(HERE, data={"q": "0611111111", "key": keys, "action": "anonymise", "sure": "yes"})
    db.session.expire_all()
    zahra = db.session.get_one(Entity, held.zahra)
    assert (zahra.archived_at, zahra.label, zahra.data["phone"]) == (None, "", "")
    page = admin.client.get(f"/records/persons/{held.zahra}?lang=fr").text
    assert "(effacé)" in page
    assert "erased:" not in page


@pytest.mark.sqlite_only
def test_an_older_copy_put_back_is_told_again(held: Held, tmp_path: Path):  # D6
    db.session.commit()
    begin_writing()
    db.session.commit()
    db.session.execute(sa.text("PRAGMA wal_checkpoint(TRUNCATE)"))
    db.session.commit()
    shutil.copy(tmp_path / "daftar.db", tmp_path / "copy.db")
    who = asked(PHONE)
    places = search(held.programme, who).found
    begin_writing()
    done = erasing.erase(None, held.programme, who, places, archive=True, now=NOW)
    db.session.commit()
    erasing.finish(done)
    db.session.remove()
    db.engine.dispose()
    for file in tmp_path.glob("daftar.db*"):
        file.unlink()
    shutil.copy(tmp_path / "copy.db", tmp_path / "daftar.db")
    assert PHONE in everything_said()
    assert later.again(now=NOW, apply=False).told == 1
    assert later.again(now=NOW, apply=True).done.records == 1
    said = everything_said()
    remark = f"تأكدوا من رقم {PHONE}"
    assert PHONE not in said.replace(remark, ""), "all but the remark, which no rule can know to be hers"


@pytest.mark.sqlite_only
def test_answers_are_kept_as_long_as_the_instrument_says(held: Held, admin: Someone, app: Any):  # D7
    instrument = db.session.scalars(sa.select(Instrument).where(Instrument.form_id == "session")).one()
    for wrong in ("0", "24 mois", "1201", "-1"):
        refused = admin.client.post(f"{HERE}/retention?lang=fr", data={"months-session": wrong})
        assert refused.status_code == 422
        assert f'value="{wrong}"' in refused.text, "what was typed stays"
        assert "mois entiers, de 1 à 1\u202f200" in refused.text
    assert admin.client.post(f"{HERE}/retention", data={"months-session": "24"}).status_code == 302
    assert later.expired(held.programme, now=from_now(days=600)).due[0].submissions == []
    result = app.test_cli_runner().invoke(args=["person", "retention", "boulemane"])
    assert "session\t24 months\t0 submissions due" in result.output, result.output
    assert kept.too_long(held.programme, now=from_now(days=600), most=9) == (0, None)
    assert kept.too_long(held.programme, now=from_now(days=800), most=9)[0] == 3
    assert "Conservées au-delà de la durée annoncée" in admin.client.get("/overview?lang=fr").text
    done = later.expire(None, held.programme, now=from_now(days=800)).done
    assert (done.submissions, done.records, done.files) == (3, 3, 1), "two sessions, and what was set aside"
    bodies = [gzip.decompress(body).decode() for body in db.session.scalars(sa.select(Revision.body))]
    assert not any(PHONE in body or "خديجة" in body for body in bodies)
    assert "خديجة أمراني" not in everything_said()
    assert db.session.get_one(Entity, held.coop).data["pres_phone"] == PHONE, "a cooperative in use keeps its contact"
    body = json.loads(gzip.decompress(db.session.get_one(Revision, held.first["revision_id"]).body))
    assert body["answers"]["k_women"] == "24"
    assert [row["p_age"] for row in body["answers"]["part"]] == ["18_35"] * 3
    assert later.expired(held.programme, now=from_now(days=800)).due[0].submissions == []
    assert instrument is not None


def test_a_refusal_takes_what_was_said_before_out_of_the_history_of_the_record(held: Held, amina: Someone):  # D3
    """And whoever agrees again may be called the same again."""

    def says(**data: str) -> None:
        change = {"list": "cooperatives", "id": held.coop, "action": "update", "label": "", "data": data}
        base = db.session.get_one(Entity, held.coop).version
        amina.deliver(form_id="session", form_sha256=held.form, answers={}, entities=[change | {"base_version": base}])
        db.session.expire_all()

    def history() -> str:
        db.session.expire_all()
        found = db.session.scalars(sa.select(EntityVersion.changes).where(EntityVersion.entity_id == held.coop))
        return json.dumps(list(found), ensure_ascii=False)

    says(consent="yes")
    later.forget_refused(now=NOW)
    assert PHONE in history()
    says(consent="no", pres_name="", pres_phone="")
    assert later.forget_refused(now=NOW) == 1
    assert (PHONE in history(), NAME in history(), '"members_w": "24"' in history()) == (False, False, True)
    assert later.forget_refused(now=NOW) == 0
    entry = db.session.scalars(sa.select(Audit).where(Audit.object_id == held.coop, Audit.action == "person.erased")).one()
    assert entry.details == {"properties": 2}
    says(consent="yes", pres_name=NAME)
    assert db.session.get_one(Entity, held.coop).data["pres_name"] == NAME


@pytest.mark.sqlite_only
def test_only_who_answers_for_the_whole_programme_may(held: Held, khadija: Someone, fatima: Someone, said: Someone):  # D8
    for nobody in (khadija, fatima, said):
        assert nobody.client.get(HERE).status_code == 403
        answer = nobody.client.post(HERE, data={"q": PHONE, "key": hers(held), "action": "erase", "sure": "yes"})
        assert answer.status_code == 403
    assert count(Entity, Entity.erased_at.is_not(None)) == 0
