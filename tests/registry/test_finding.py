"""What a record is found by: the office's words are those of the phone (static/js/core/search.js, static/js/core/sounds.js)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import quickjs

from app.core.scripts import bundle
from app.registry.finding import asked_for, derived, links_of, normalise, point_of, sounds, territory_of

NAMES = [
    "تعاونية تيفاوين",
    "Coopérative Tifawine",
    "الأمل للنسيج",
    "مُؤسَّسة إيلِيغ ـــ ٢٠٢٦",
    "Zahrat El Jabal (Guigou)",
    "تعاونية زهرة الجبل، ݣيݣو",
    "Ghafsaï / Rhafsai, Œuvre n° 12",
    "چكو ڨفصة گرسيف پلاستيك ڤيتا",
    "الله ال للنساء",
    "Khénifra – Chefchaouen – Phare – Oxygène",
    "",
]


@pytest.mark.sqlite_only
def test_names_are_made_alike_as_on_the_phone(tmp_path: Path):
    js = Path(__file__).resolve().parents[2] / "static/js"
    (tmp_path / "core").symlink_to(js / "core")
    entry = tmp_path / "entry.js"
    entry.write_text(
        'import { normalise } from "./core/search.js"; import { sounds } from "./core/sounds.js"; export { normalise, sounds };'
    )
    context = quickjs.Context()
    context.eval(bundle(entry, "Phone"))
    for name in NAMES:
        there = json.loads(context.eval(f"JSON.stringify([Phone.normalise({json.dumps(name)}), ''])"))[0]
        assert normalise(name) == there, name
        assert sounds(there) == context.eval(f"Phone.sounds({json.dumps(there)})"), name


def test_words_come_from_the_names_and_numbers_people_ask_for():
    found = derived("تعاونية تيفاوين", {"coop_name_fr": "Tifawine", "pres_phone": "0612345678", "address": "Rue 3"})
    assert found.words == " تعاونيه تيفاوين tifawine 0612345678 "
    assert found.sort_key == "تعاونيه تيفاوين"
    assert "tfn" in found.sounds.split()


def test_one_index_entry_holds_whatever_name_a_phone_sends():
    found = derived("ﷺ" * 5000, {f"name_{n}": "ا" * 1000 for n in range(30)})
    assert len(f"{found.sort_key}{found.words}{found.sounds}".encode()) < 2200


def test_a_search_of_one_consonant_goes_by_letters_alone():
    assert asked_for("ت") == (["ت"], [])
    assert asked_for("Tifawin")[1] == ["tfn"]


def test_points_and_places_are_read_from_the_properties():
    assert point_of({"where": "33.58 -4.63 0 5"}) == (33.58, -4.63)
    assert point_of({"geometry": "34 -5", "where": "33.58 -4.63 0 5"}) == (34.0, -5.0)
    assert point_of({"geometry": "0 0 0 0", "x": "95 200"}) == (None, None)
    assert territory_of({"region": "03", "gp_commune": "03.131.01.03.", "craft": "12"}) == "03.131.01.03"
    assert territory_of({"sector": "03"}) is None


def test_links_are_the_records_that_properties_name():
    one, two = "01890000-0000-7000-8000-000000000001", "01890000-0000-7000-8000-000000000002"
    assert links_of({"coop": one, "women": f"{one} {two}", "text": "x" * 40}) == {("coop", one), ("women", one), ("women", two)}
