"""The browser's core, run in QuickJS: typed numbers, texts, dates and search as in Morocco."""

# ruff: noqa: E501  (cases read better unbroken)

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import quickjs

from app.core.languages import number
from app.core.scripts import bundle

STRINGS = {
    "{n} form": [["", "استمارة واحدة", "استمارتان", "{n} استمارات", "{n} استمارة", "{n} استمارة"], ["{n} fiche", "{n} fiches"]],
    "yesterday {time}": ["أمس {time}", "hier {time}"],
    "Hello {name}": ["مرحبا {name}", "Bonjour {name}"],
}
NBSP = "\u202f"


@pytest.fixture(scope="module")
def core(tmp_path_factory) -> Any:
    """`core("number.parseNumber", "١٢")` calls the function in the module."""
    js = Path(__file__).resolve().parents[2] / "static/js/core"
    entry = tmp_path_factory.mktemp("js") / "entry.js"
    names = {
        "number": ["parseNumber", "parseInteger", "westernDigits"],
        "search": ["normalise"],
        "find": ["createSearch"],
        "ids": ["newId"],
    }
    names["i18n"] = ["t", "n", "pluralForm", "formatNumber", "formatDate", "formatWhen", "setLanguage"]
    names["clock"] = ["localIso"]
    folder = entry.parent / "core"
    folder.symlink_to(js)
    lines = [f'import {{ {", ".join(listed)} }} from "./core/{module}.js";' for module, listed in names.items()]
    everything = [name for listed in names.values() for name in listed]
    entry.write_text("\n".join([*lines, f"export {{ {', '.join(everything)} }};"]), "utf-8")
    context = quickjs.Context()
    context.eval("globalThis.performance = { now: () => 0 }; globalThis.document = { documentElement: {} };")
    context.eval("globalThis.crypto = { getRandomValues: (bytes) => bytes.map((_, i) => (i * 37 + 11) % 256) };")
    context.eval(f"globalThis.daftarStrings = {json.dumps(STRINGS)};")
    context.eval(bundle(entry, "Core"))

    def call(name: str, *arguments: Any) -> Any:
        return json.loads(context.eval(f"JSON.stringify(Core.{name}(...{json.dumps(arguments)})) ?? 'null'"))

    call.context = context  # type: ignore[attr-defined]
    return call


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("12", "12"), ("٣٥", "35"), ("۱۲", "12"), ("3,5", "3.5"), ("3.5", "3.5"), ("٣٫٥", "3.5"), ("١٢،٥", "12.5"), (",5", "0.5"), ("5,", "5"),
        ("28 250 000", "28250000"), (f"28{NBSP}250{NBSP}000,5", "28250000.5"), ("٣٬٥٠٠٫٥", "3500.5"), ("1.234.567,89", "1234567.89"),
        ("1,234,567.5", "1234567.5"), ("-3", "-3"), ("−3,50", "-3.50"), ("\u200f-٣", "-3"), ("+5", "5"), ("007", "7"), ("-0", "0"), ("", ""), (" ", ""),
        # Not surely a number: shown as typed, never guessed.
        ("12 5", None), ("1.2.3", None), ("1 23 456", None), ("12a", None), ("5-", None), ("3/4", None), (",", None), ("--3", None), ("1e5", None),
    ],
)  # fmt: skip
def test_a_typed_number_is_read_or_left_alone(core, typed, kept):
    assert core("parseNumber", typed) == kept


@pytest.mark.parametrize(
    ("typed", "kept"), [("12", "12"), ("12,0", "12"), ("12,5", None), ("1 200", "1200"), ("-0,0", "0"), ("x", None)]
)
def test_a_whole_number_has_no_fraction(core, typed, kept):
    assert core("parseInteger", typed) == kept


@pytest.mark.parametrize("value", ["0", "7", "999", "1000", "28250000", "-1234.5", "0.25", "118000"])
def test_phone_and_server_write_numbers_alike(core, value):
    assert core("formatNumber", value) == number(value)


def test_numbers_round_and_never_show_an_exponent(core):
    assert core("formatNumber", 58.44, 1) == "58,4"
    assert core("formatNumber", 1e-7) == "0,0000001"
    assert core("formatNumber", "x") == ""


def test_dates_read_as_in_morocco(core):
    core("setLanguage", "ar")
    assert [core("formatDate", "2026-08-05", style) for style in ("long", "day", "weekday", "short")] == [
        "5 غشت 2026", "5 غشت", "الأربعاء 5 غشت", "05/08/2026",
    ]  # fmt: skip
    core("setLanguage", "fr")
    assert core("formatDate", "2026-08-05", "weekday") == "mercredi 5 août"
    assert core("formatDate", "") == ""


def test_plural_forms_are_those_of_the_catalogue(core):
    core("setLanguage", "ar")
    said = {count: core("n", "{n} form", "{n} forms", count) for count in (1, 2, 3, 11, 100, 1200)}
    assert said == {
        1: "استمارة واحدة",
        2: "استمارتان",
        3: "3 استمارات",
        11: "11 استمارة",
        100: "100 استمارة",
        1200: f"1{NBSP}200 استمارة",
    }
    assert core("n", "{n} form", "{n} forms", 0) == "0 استمارة"
    core("setLanguage", "fr")
    assert [core("n", "{n} form", "{n} forms", count) for count in (0, 1, 2)] == ["0 fiche", "1 fiche", "2 fiches"]
    assert core("n", "{n} unknown", "{n} unknowns", 2) == "2 unknowns"


def test_a_name_inside_a_text_keeps_its_own_direction(core):
    core("setLanguage", "fr")
    assert core("t", "Hello {name}", {"name": "تعاونية الأمل"}) == "Bonjour \u2068تعاونية الأمل\u2069"
    assert core("t", "Hello {name}", {"name": "18:42"}) == "Bonjour 18:42"
    assert core("t", "No translation {name}", {}) == "No translation {name}"


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("امل", "تعاونية الأمل"), ("الامل", "اتحاد أمل"), ("تعاونيه", "تعاونيّة"), ("اسرا", "إسراء"), ("على", "علي"), ("تكنولوجيا", "تـكنولوجيا"),
        ("كازا", "گازا"), ("cooperative", "Coopérative"), ("oeuvre", "L’Œuvre"), ("3", "رقم ٣"), ("atlas tiss", "Tissage Atlas"), ("نساء", "للنساء"),
    ],
)  # fmt: skip
def test_search_forgives_what_people_leave_out(core, query, text):
    found = core.context.eval(
        f"JSON.stringify(Core.createSearch({json.dumps([text, 'غير ذلك', 'Autre'])}, (row) => row).find({json.dumps(query)}))"
    )
    assert json.loads(found) == [text]


def test_a_word_that_begins_so_comes_before_one_that_holds_it(core):
    rows = ["Grand Atlas", "Paratlasique", "Atlas"]
    found = core.context.eval(f"JSON.stringify(Core.createSearch({json.dumps(rows)}, (row) => row).find('atlas'))")
    assert json.loads(found) == ["Atlas", "Grand Atlas", "Paratlasique"]


def test_ids_are_version_seven_and_carry_their_time(core):
    id = core("newId", 1795284130123)
    assert id.replace("-", "").startswith(f"{1795284130123:012x}7")
    assert id[19] in "89ab"
