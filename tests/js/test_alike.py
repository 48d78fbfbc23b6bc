"""What a record that is being registered resembles (static/js/form/alike.js), run in QuickJS:

1. the same name in any spelling or script, in the same place; a name that goes on further counts in the same place only
2. the same number of a telephone or an enterprise, wherever
3. a place less than 50 m away, whatever the name
4. what many names share (cooperative, of, women) tells nothing; women of one cooperative share first names
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import quickjs

from app.core.scripts import bundle

HERE, ELSEWHERE = "03.131.01.03", "03.131.09.07"
Alike = Callable[..., list[str]]


@pytest.fixture(scope="module")
def alike() -> Alike:
    context = quickjs.Context()
    context.eval(bundle(Path(__file__).resolve().parents[2] / "static/js/form/alike.js", "Alike"))

    def call(made: dict[str, str], record: dict[str, str], words: int = 1) -> list[str]:
        """Why the record resembles the new one: at most one reason."""
        asked = json.dumps([{"name": "new"} | made, [{"name": "there"} | record], {"byWords": words}])
        return json.loads(context.eval(f"JSON.stringify(Alike.alikeTo(...{asked}).map((one) => one.why))"))

    return call


@pytest.mark.parametrize(
    ("made", "there"),
    [
        ("تعاونية الأمل", "تعاونية الامل"),
        ("تعاونية زَهْرَة الجبل", "زهره الجبل"),
        ("تعاونية تيفاوين", "Coopérative Tifawine"),
        ("Coop. Zahrat El Jabal", "تعاونية زهرة الجبل"),
        ("تعاونية تيفاوين", "تعاونية تيفاوين للنسيج والزرابي"),
        ("Assalam", "تعاونية السلام النسوية"),
    ],
)
def test_one_name_in_any_spelling_is_found_in_its_commune_and_not_in_another(alike, made, there):  # 1
    assert alike({"label": made, "commune": HERE}, {"label": there, "territory": HERE}) == ["name"]
    assert alike({"label": made, "commune": HERE}, {"label": there, "territory": ELSEWHERE}) == []


def test_before_the_place_is_known_only_the_whole_name_counts(alike):  # 1
    assert alike({"label": "تعاونية تيفاوين"}, {"label": "Tifawine", "territory": HERE}) == ["name"]
    assert alike({"label": "تعاونية تيفاوين"}, {"label": "تيفاوين للنسيج", "territory": HERE}) == []


@pytest.mark.parametrize("there", ["تعاونية الورد", "Coopérative Argan", "تعاونية نساء الأطلس", ""])
def test_kinds_of_groups_and_small_words_make_no_likeness(alike, there):  # 4
    assert alike({"label": "تعاونية نساء تيفاوين", "commune": HERE}, {"label": there, "territory": HERE}) == []


def test_a_number_that_is_one_persons_or_one_enterprises_tells_most(alike):  # 2
    assert alike({"label": "أ", "phone": "0612345678"}, {"label": "ب", "phone": "+212612345678"}) == ["number"]
    assert alike({"label": "أ", "ice": "001234567000089"}, {"label": "ب", "ice": "001234567000089"}) == ["number"]
    assert alike({"label": "أ", "phone": ""}, {"label": "ب", "phone": ""}) == []


def test_some_steps_away_is_the_same_place(alike):  # 3
    here = {"label": "تعاونية الورد", "geometry": "33.050000 -3.990000 900 8", "commune": HERE}
    assert alike(here, {"label": "Argan", "geometry": "33.050300 -3.990200 0 0"}) == ["near"]
    assert alike(here, {"label": "Argan", "geometry": "33.050600 -3.990000 0 0"}) == []
    assert alike(here, {"label": "Argan", "geometry": "?"}) == []


def test_women_of_one_cooperative_share_first_names(alike):  # 4
    fatima = {"label": "فاطمة العمراني", "coop": "c1"}
    assert alike(fatima, {"label": "Fatima Amrani", "coop": "c1"}, 2) == ["name"]
    assert alike(fatima, {"label": "فاطمة", "coop": "c1"}, 2) == []
    assert alike(fatima, {"label": "فاطمة العمراني", "coop": "c2"}, 2) == []
    assert alike({"label": "فاطمة العمراني المرابط", "coop": "c1"}, fatima, 2) == ["name"]
