"""Files that come with a form: lists of three sorts, and what labels show.

F1  A list is read whatever its sort; what cannot be used is refused with its name.
F2  A file of a label is what its name says, small, and does nothing by itself.
F3  Files travel with the form, are kept by their content, and reach phones as lists do.
F4  A file that did not come is said.
F5  What does nothing here is said at its place: kinds, parameters, settings.
"""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path

import pytest

from app.core.db import begin_writing, db
from app.engine import host
from app.instruments import files, operations
from app.instruments.models import Dataset, InstrumentVersion
from app.sync import changes
from tests.conftest import count
from tests.instruments.forms import SETTINGS, YES_NO, compiled, markdown, q
from tests.instruments.test_publish import NOW

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><rect id="yes" width="9" height="9"/></svg>'
SEEN = q("select_one yes_no", "ok") | {"media::image::العربية (ar)": "loom.png", "media::image::Français (fr)": "loom.png"}
PRICES = [{"code": "w1", "price": "3"}]
POINT = {"type": "Point", "coordinates": [-4.05, 33.05]}
EDGE = {"type": "Polygon", "coordinates": [[[-4, 33], [-4.1, 33], [-4.1, 33.1], [-4, 33]]]}
WELLS = {
    "type": "FeatureCollection",
    "features": [
        {"type": "Feature", "id": "w1", "properties": {"title": "عين الدفالي", "depth": 12}, "geometry": POINT},
        {"type": "Feature", "properties": {"id": "f1", "title": "Champ"}, "geometry": EDGE},
    ],
}


def test_a_list_is_read_whatever_its_sort():  # F1
    assert files.read_list("a.csv", "name;label\ns1;سوق".encode()) == [{"name": "s1", "label": "سوق"}]
    wells = files.read_list("a.geojson", json.dumps(WELLS).encode())
    assert wells[0] == {"geometry": "33.05 -4.05 0 0", "title": "عين الدفالي", "depth": "12", "id": "w1"}
    assert wells[1]["geometry"] == "33 -4 0 0;33 -4.1 0 0;33.1 -4.1 0 0;33 -4 0 0"
    table = b"<root><item><name>a</name><label>A</label></item><item><name>b</name><label>B</label></item></root>"
    assert files.read_list("a.xml", table) == [{"name": "a", "label": "A"}, {"name": "b", "label": "B"}]
    tree = files.read_list("a.xml", b'<tariff year="2026"><zone code="1"><price> 12 </price></zone></tariff>')
    price = {"name": "price", "children": [" 12 "]}
    zone = {"name": "zone", "children": [price], "attributes": {"code": "1"}}
    assert tree == {"name": "tariff", "children": [zone], "attributes": {"year": "2026"}}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b"\xff\xfe"),
        ("a.geojson", b"{}"),
        ("a.geojson", b'{"features": [{"geometry": {"type": "Point", "coordinates": [1]}}]}'),
        ("a.geojson", b'{"features": [3]}'),
        ("a.xml", b"<root>"),
        ("a.xml", b'<!DOCTYPE r [<!ENTITY a "b">]><r>&a;</r>'),
        ("a.xml", b"<a>" * 200 + b"</a>" * 200),
    ],
)
def test_a_list_that_cannot_be_used_is_refused(name, content):  # F1
    with pytest.raises(files.Unusable):
        files.read_list(name, content)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.png", b"GIF89a"),
        ("a.exe", PNG),
        ("a.png", b""),
        ("a.png", PNG + b"0" * files.MAX_MEDIA_BYTES),
        ("../a.png", PNG),
        ("a" * 60 + ".png", PNG),
        ("a.svg", b"<svg><script>x()</script></svg>"),
        ("a.svg", b'<svg><rect onclick="x()"/></svg>'),
        ("a.svg", b"<html/>"),
        ("a.mp4", b"nothing of a film"),
    ],
)
def test_a_file_of_a_label_is_what_its_name_says(name, content):  # F2
    with pytest.raises(files.Unusable):
        files.read_media(name, content)


def test_what_labels_show_travels_with_the_form_and_reaches_the_phones(admin):  # F3
    content = markdown([SEEN], choices=YES_NO).encode()
    given = operations.read_given([("loom.png", PNG), ("C:\\forms\\other.svg", SVG)])
    begin_writing()
    version = operations.publish(admin.actor, admin.programme_id, "essai.md", content, NOW, given)
    db.session.commit()
    sha256 = json.loads(version.package)["media"]["loom.png"]
    assert count(Dataset, Dataset.name == "media/loom.png") == 1
    assert count(Dataset, Dataset.name == "media/other.svg") == 0  # nothing shows it
    rows = changes._instruments(admin.actor, admin.programme_id, -1, 10**9, 99)
    [row] = [one for one in rows if one["id"] == version.instrument_id]
    assert row["data"]["datasets"] == {"media/loom.png": sha256}
    sent = json.loads(changes.dataset(admin.actor, sha256))
    assert (sent["columns"], sent["rows"][0][0]) == (["type", "data"], "image/png")
    assert base64.b64decode(sent["rows"][0][1]) == PNG
    # The next version finds it.
    begin_writing()
    again = content.replace(b"| 1 |", b"| 2 |")
    later = operations.publish(admin.actor, admin.programme_id, "essai.md", again, NOW)
    db.session.commit()
    assert json.loads(later.package)["media"] == {"loom.png": sha256}


def test_the_page_takes_files_with_the_form_and_hands_them_on(admin):  # F3
    content = markdown([SEEN], choices=YES_NO).encode()
    data = {"file": (io.BytesIO(content), "essai.md"), "files": [(io.BytesIO(PNG), "loom.png")]}
    page = admin.client.post(f"/instruments/check?programme={admin.programme_id}&lang=fr", data=data)
    assert page.status_code == 200, page.text
    packed = re.search(r'name="checked"[^>]*value="([^"]+)"', page.text).group(1)
    assert admin.client.post("/instruments/publish", data={"checked": packed}).status_code == 302
    package = db.session.scalars(db.select(InstrumentVersion.package).where(InstrumentVersion.source == content)).one()
    assert list(json.loads(package)["media"]) == ["loom.png"]
    wrong = {"file": (io.BytesIO(content), "essai.md"), "files": [(io.BytesIO(b"no"), "loom.png")]}
    refused = admin.client.post(f"/instruments/check?programme={admin.programme_id}&lang=fr", data=wrong)
    assert refused.status_code == 422
    assert "loom.png" in refused.text


def test_the_files_beside_a_form_are_found(tmp_path: Path):  # F3
    form = tmp_path / "essai.md"
    form.write_bytes(markdown([SEEN], choices=YES_NO).encode())
    (tmp_path / "souks.csv").write_text("name,label\ns1,Souk\n", "utf-8")
    (tmp_path / "essai-media").mkdir()
    (tmp_path / "essai-media" / "loom.png").write_bytes(PNG)
    lists, media = files.files_beside(form)
    assert list(lists) == ["souks"]
    assert list(media) == ["loom.png"]
    (tmp_path / "essai-media" / "loom.png").write_bytes(b"no")
    with pytest.raises(files.Unusable, match=r"loom\.png"):
        files.files_beside(form)


def test_a_file_that_did_not_come_is_said_once():  # F4
    choices = [one | {"media::image::Français (fr)": "loom.png"} for one in YES_NO]
    found = [one for one in compiled([SEEN], choices=choices).warnings if one.code == "media_missing"]
    assert [(one.sheet, one.row, one.details) for one in found] == [("survey", 3, {"name": "loom.png"})]


def test_what_does_nothing_here_is_said_at_its_place():  # F5
    survey = [
        q("image", "a", parameters="max-pixels=800 app=org.x"),
        q("range", "b", parameters="start=1 end=5 step=1 tick_interval=2"),
        q("start-geopoint", "c"),
        q("background-audio", "d"),
        q("text", "e", parameters="rows=5"),
    ]
    settings = [SETTINGS | {"style": "theme-grid", "public_key": "MIIB", "submission_url": ""}]
    result = compiled(survey, settings=settings)
    assert not result.errors, result.errors
    said = [(one.code, one.sheet, one.row, one.details.get("name") or one.details.get("type")) for one in result.warnings]
    assert [one for one in said if one[0] != "label_missing"] == [
        ("parameter_ignored", "survey", 3, "app"),
        ("parameter_ignored", "survey", 4, "tick_interval"),
        ("type_blank", "survey", 5, "start-geopoint"),
        ("type_blank", "survey", 6, "background-audio"),
        ("setting_ignored", "settings", said[-1][2], "style"),
        ("setting_ignored", "settings", said[-1][2], "public_key"),
    ]
    nodes = {one["name"]: one for one in result.package["nodes"]}
    assert (nodes["c"]["kind"], nodes["c"]["type"]) == ("value", "hidden")
    assert nodes["e"]["parameters"] == {"rows": "5"}


def test_lists_of_every_sort_are_picked_from_and_read():  # F1
    tree = files.read_list("tariff.xml", b'<tariff><zone code="1"><price>12</price></zone></tariff>')
    wells = files.read_list("wells.geojson", json.dumps(WELLS).encode())
    survey = [
        q("select_one_from_file wells.geojson", "well"),
        {"type": "xml-external", "name": "tariff"},
        {"type": "csv-external", "name": "prices"},
        q("calculate", "price", calculation="pulldata('prices', 'price', 'code', ${well})"),
        q("calculate", "zone", calculation="instance('tariff')/tariff/zone[@code = '1']/price"),
    ]
    result = compiled(survey, {"wells": wells, "tariff": tree, "prices": PRICES})
    assert not result.errors, result.errors
    kinds = {name: one["kind"] for name, one in result.package["datasets"].items()}
    assert kinds == {"wells": "csv", "tariff": "xml", "prices": "csv"}
    lists = {"wells": wells, "tariff": json.dumps(tree), "prices": PRICES}
    found = host.recompute(result.package, {"well": "w1"}, lists, now=0, offset_minutes=60)
    assert {one["path"]: one["computed"] for one in found["differences"]} == {"price": "3", "zone": "12"}

    picked = compiled([q("select_one_from_file tariff.xml", "zone")], {"tariff": tree})
    assert [one.code for one in picked.errors] == ["list_tree"]
    lacking = compiled([q("select_one_from_file prices.csv", "p")], {"prices": PRICES})
    assert {one.details["wanted"] for one in lacking.errors} == {"name", "label"}
    named = q("select_one_from_file prices.csv", "p", parameters="value=code label=price")
    assert not compiled([named], {"prices": PRICES}).errors
