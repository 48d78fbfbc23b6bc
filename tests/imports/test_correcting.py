"""One record corrected at the office (docs/registry.md, "Correcting a record"):

C1  what is typed is read as in a table; what it was stays in the history, with who and why; the chain holds no value
C2  it needs a reason and the version that was seen; what was typed stays
C3  what is wrong is said at its field, and nothing is changed
C4  only a coordinator of its organisation and territory; what is personal is never added
"""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa

from app.accounts.models import Membership
from app.core import audit
from app.core.db import db
from app.core.models import Audit
from app.registry.models import Entity
from tests.conftest import NOW, Someone, World
from tests.imports.test_import import registry as registry
from tests.registry.test_applying import stored, versions
from tests.review.test_records import a_record, text

SAYS = {
    "coop_name_ar": "تعاونية تيفاوين", "pres_phone": "0612345678", "coop_gender": "women", "members_w": "12",
    "region": "03", "province": "03.131", "commune": "03.131.03.11", "date_constitution": "2019-05-31",
}  # fmt: skip
FES = "المشور فاس الجديد · 03.231.01.03"


@pytest.fixture
def coop(registry: World) -> Entity:
    return a_record(registry, "تعاونية تيفاوين", data=dict(SAYS), territory="03.131.03.11")


def correct(someone: Someone, coop: Entity, note: str = "خطأ في الكتابة", version: str = "1", **typed: str) -> Any:
    form = {f"p:{name}": value for name, value in typed.items()} | {"version": version, "note": note}
    return someone.client.post(f"/records/cooperatives/{coop.id}/correct?lang=fr", data=form)


def fields(someone: Someone, coop: Entity) -> dict[str, str]:
    """What a browser would send of the untouched page."""
    page = text(someone, f"/records/cooperatives/{coop.id}/correct")
    found = dict(re.findall(r'<input id="p-[^"]+" name="p:([^"]+)" value="([^"]*)"', page))
    for name, options in re.findall(r'<select id="p-[^"]+" name="p:([^"]+)"[^>]*>(.*?)</select>', page):
        found[name] = next(iter(re.findall(r'value="([^"]*)" selected', options)), "")
    return found


def test_a_correction_is_read_as_a_table_is_and_its_history_stays(amina: Someone, khadija: Someone, coop: Entity):  # C1
    assert f"/records/cooperatives/{coop.id}/correct" in text(khadija, f"/records/cooperatives/{coop.id}")
    shown = fields(khadija, coop)
    assert (shown["commune"], shown["coop_gender"]) == ("Guigou, Boulemane · 03.131.03.11", "women")
    changed = {"pres_phone": "06 99 99 99 99", "commune": "Missour", "coop_name_ar": "تعاونية تيفاوين الجديدة"}
    assert correct(khadija, coop, **shown | changed).status_code == 302
    record = stored(coop.id)
    assert record.data == SAYS | changed | {"pres_phone": "0699999999", "commune": "03.131.01.03"}
    assert (record.label, record.territory) == (changed["coop_name_ar"], "03.131.01.03")
    last = versions(coop.id)[-1]
    assert (last.kind, last.note, last.actor_id) == ("office", "خطأ في الكتابة", khadija.id)
    assert set(last.changes) == {"", "pres_phone", "commune", "coop_name_ar"}
    entry = db.session.scalars(sa.select(Audit).where(Audit.action == "entity.corrected")).one()
    assert "0699999999" not in str(entry.details)
    assert audit.first_broken_entry() is None
    pulled = amina.client.get("/api/sync/pull", query_string={"programme": amina.programme_id}).json["changes"]
    assert [one["data"]["version"] for one in pulled if one["kind"] == "entity"] == [2]

    assert correct(khadija, coop, version="2", **fields(khadija, coop)).status_code == 302
    assert stored(coop.id).version == 2, "nothing was touched"
    assert correct(khadija, coop, version="2", commune=FES, pres_phone="").status_code == 302
    record = stored(coop.id)
    assert (record.data["region"], record.data["province"], record.data["pres_phone"]) == ("03", "03.231", "")


def test_it_needs_a_reason_and_the_version_that_was_seen(khadija: Someone, coop: Entity):  # C2
    for refused, status in (
        (correct(khadija, coop, note=" ", members_w="13"), 422),
        (correct(khadija, coop, version="0", members_w="13"), 409),
        (correct(khadija, coop, version="x", members_w="13"), 409),
    ):
        assert refused.status_code == status
        assert 'value="13"' in refused.text
    assert stored(coop.id).version == 1


def test_what_is_wrong_is_said_at_its_field(khadija: Someone, coop: Entity):  # C3
    typed = {"pres_phone": "06123", "commune": "Gigou", "members_w": "douze", "coop_name_ar": " "}
    typed |= {"date_constitution": "2019-13-40", "ice": "123"}
    refused = correct(khadija, coop, **typed)
    assert refused.status_code == 422
    assert set(re.findall(r'<p class="error" id="p-([a-z_]+)-error">', refused.text)) == set(typed)
    assert "Guigou" in refused.text
    assert correct(khadija, coop, province="Fès").status_code == 422, "its commune lies in another"
    assert stored(coop.id).data == SAYS


def test_only_who_may_change_it_corrects_it_and_adds_nothing_personal(  # C4
    amina: Someone, fatima: Someone, said: Someone, khadija: Someone, coop: Entity
):
    for someone, status in ((amina, 403), (said, 403), (fatima, 404)):
        assert correct(someone, coop, members_w="13").status_code == status
        assert someone.client.get(f"/records/cooperatives/{coop.id}/correct").status_code == status
    assert not {"pres_name", "consent", "consent_photo"} & fields(khadija, coop).keys()
    correct(khadija, coop, pres_name="فاطمة")
    assert "pres_name" not in stored(coop.id).data
    db.session.execute(sa.update(Membership).where(Membership.person_id == khadija.id).values(territories=["03.131"]))
    assert correct(khadija, coop, commune=FES).status_code == 422
    assert stored(coop.id).territory == "03.131.03.11"
    db.session.execute(sa.update(Entity).values(merged_into=coop.id, archived_at=NOW))
    assert correct(khadija, coop, members_w="13").status_code == 409
