"""What works and what does not, as docs/engine.md says it: the page, the tables of the checks and what Chromium draws agree.

M1  The section "What works" is what the code gives.
M2  An appearance that is drawn changes the question; one that falls back, or that the plain question does anyway, does not.
M3  What kinds.js names for the second script makes a form ask for it, and nothing else does.
M4  Each appearance that falls back is said by the check, at its place, in both languages.
M6  A repeat with "grid" is a table or the check says why it is cards: page and check decide alike.
M5  What labels show, and lists of every sort, come with the instrument and are there without network.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask_babel import force_locale
from playwright.sync_api import expect

from app.core.languages import LOCALES
from app.instruments import kinds, matrix
from tests.form import every
from tests.form.conftest import Phone
from tests.instruments.forms import YES_NO, choices, compiled, q

KINDS = every.asked_kinds()
# How a question looks: its page without the names that are its own.
LOOK = """() => Object.fromEntries([...document.querySelectorAll(".q[data-name]")].map((one) => {
  const copy = one.cloneNode(true);
  copy.querySelector(".q-head")?.remove();
  const own = /^(id|for|name|data-path|data-name|data-look|aria-(label|labelledby|describedby))$/;
  for (const each of [copy, ...copy.querySelectorAll("*")])
    for (const { name, value } of [...each.attributes])
      if (own.test(name) || value.startsWith("blob:")) each.removeAttribute(name);
  const width = one.querySelector(".choice-cell, .option")?.getBoundingClientRect().width ?? 0;
  const typed = one.querySelector("input.input")?.value;
  const page = copy.innerHTML.replace(/<!--.*?-->/g, "").replace(/\\s+/g, " ");
  return [one.dataset.name, [page, Math.round(width), typed].join("|")];
}))"""


def test_the_page_is_what_the_code_gives() -> None:  # M1
    text = matrix.PAGE.read_text("utf-8")
    assert matrix.section() in text
    assert matrix.page_with(text) == text


@pytest.fixture
def form(phone: Phone) -> Phone:
    phone.page.evaluate("(what) => harness.install(what)", every.instrument())
    phone.start("every")
    return phone


def _looks(phone: Phone, kind: str) -> dict[str, list[str]]:
    """How each question of a kind looks before and after an answer."""
    phone.open_section(KINDS.index(kind) + 1)
    expect(phone.question(every.name_of(kind, every.appearances(kind)[-1]))).to_be_attached()
    if kind.startswith("select"):
        expect(phone.page.locator("svg.image-map")).to_be_attached()
    blank = phone.page.evaluate(LOOK)
    value = {"text": "https://example.ma/1", "barcode": "6111", "integer": "12345", "decimal": "12345"}.get(kind)
    if value:
        for name in blank:
            field = phone.question(name).locator("input.input, textarea").first
            field.fill(value)
            field.blur()
    if kind == "image":
        picture = phone.page.screenshot(clip={"x": 0, "y": 0, "width": 60, "height": 60})
        for name in blank:
            field = phone.question(name).locator("[type=file]").first
            if field.count():
                field.set_input_files([{"name": "a.png", "mimeType": "image/png", "buffer": picture}])
                expect(phone.question(name).locator("figure img")).to_be_visible()
    filled = phone.page.evaluate(LOOK)
    return {name: [blank[name], filled[name]] for name in blank}


def test_what_is_drawn_differs_and_what_falls_back_does_not(form: Phone) -> None:  # M2
    wrong = []
    for kind in KINDS:
        looks = _looks(form, kind)
        plain = looks[every.name_of(kind, "")]
        for word in every.appearances(kind)[1:]:
            key = word if word in kinds.drawn()[kind] else kinds.numbered(word)
            changes = kinds.drawn()[kind].get(key, "plain") != "plain"
            if (looks[every.name_of(kind, word)] != plain) != changes:
                wrong.append((kind, word, "drawn" if changes else "not drawn"))
    assert wrong == []


def test_what_style_sheets_do_is_seen(form: Phone) -> None:  # M2
    form.page.set_viewport_size({"width": 800, "height": 800})
    form.open_section(len(KINDS) + 1)
    expect(form.page.locator(".choice-row.head")).to_have_count(1)
    form.open_section(len(KINDS) + 2)
    widths = form.page.evaluate("[...document.querySelectorAll('.q')].map((one) => one.getBoundingClientRect().width)")
    assert widths[0] < widths[1] < widths[2] < widths[3]


def test_the_second_script_comes_with_what_it_draws(phone: Phone) -> None:  # M3
    wanted = {
        (kind, word): widget not in ("own", "plain") or kinds.drawn()[kind][""] != "own"
        for kind in KINDS
        for word, widget in kinds.drawn()[kind].items()
        if word != "label"  # pyxform makes it a note with choices
    }
    nodes = [{"kind": "question", "type": kind, "appearance": word.replace("#", "2"), "media": None} for kind, word in wanted]
    asked = phone.page.evaluate(
        """async (nodes) => {
          const { needsMore } = await import("/static/js/form/widgets/index.js");
          return nodes.map((node) => needsMore({ nodes: [node] }));
        }""",
        nodes,
    )
    assert {key: found for key, found in zip(wanted, asked, strict=True) if found != wanted[key]} == {}
    chosen = phone.page.evaluate(
        """async (nodes) => {
          const { drawnBy } = await import("/static/js/form/widgets/more/choose.js");
          return nodes.map((node) => drawnBy(node));
        }""",
        nodes,
    )
    for (kind, word), found in zip(wanted, chosen, strict=True):
        plain = kinds.drawn()[kind][word] == "plain"
        assert found["word"] == ("" if plain else word)


SHORT = [q("text", "nom"), q("integer", "n"), q("select_one yes_no", "oui")]
LONG = choices("village", *(f"v{number}" for number in range(8)))
GRIDS: dict[str, tuple[list[dict[str, str]], str | None]] = {
    "short": (SHORT, None),
    "with_note": ([*SHORT, q("note", "dit")], None),
    "picked": ([q("select_one village", "qui"), *SHORT], None),
    "photo": ([*SHORT, q("image", "photo")], "grid_long"),
    "list": ([*SHORT, q("select_one village", "ou")], "grid_long"),
    "group": ([*SHORT, q("begin_group", "g"), q("integer", "m"), q("end_group")], "grid_long"),
    "wide": ([q("text", "nom"), *(q("integer", f"n{number}") for number in range(11))], "grid_wide"),
    "ten": ([q("text", "nom"), *(q("integer", f"n{number}") for number in range(10))], None),
    "name": ([q("text", "nom")], "grid_nothing"),
    "counted": (SHORT, "grid_counted"),
}


@pytest.mark.sqlite_only
def test_a_repeat_is_drawn_as_a_table_or_the_check_says_why_not(app: Any, phone: Phone) -> None:  # M6
    packages, said = {}, {}
    for name, (asked, _) in GRIDS.items():
        count = {"repeat_count": "3"} if name == "counted" else {}
        form = compiled(
            [q("begin_repeat", "rang", appearance="grid", **count), *asked, q("end_repeat")], choices=[*YES_NO, *LONG]
        )
        assert not form.errors
        packages[name] = form.package
        found = [one for one in form.warnings if one.code.startswith("grid_")]
        said[name] = found[0].code if found else None
        for one in found:
            assert (one.sheet, one.row, one.column) == ("survey", 3, "appearance")
            with app.test_request_context():
                words = []
                for language in ("ar", "fr"):
                    with force_locale(LOCALES[language]):
                        words.append((one.message, one.mend))
            assert words[0] != words[1]
            assert "rang" in words[0][0]
    assert said == {name: code for name, (_, code) in GRIDS.items()}
    drawn = phone.page.evaluate(
        """async (packages) => {
          const { tableShape } = await import("/static/js/form/grid.js");
          return Object.fromEntries(Object.entries(packages).map(([name, pkg]) => {
            const repeat = pkg.nodes.find(({ kind }) => kind === "repeat");
            const children = pkg.nodes.filter(({ parent, kind }) => parent === repeat.i && kind !== "value");
            return [name, tableShape(pkg, repeat, children) !== null];
          }));
        }""",
        packages,
    )
    assert drawn == {name: code is None for name, code in said.items()}


@pytest.mark.parametrize("kind", sorted(set(kinds.FALLS_BACK) - {"*"}))
def test_what_falls_back_is_said_at_its_place(app: Any, kind: str) -> None:  # M4
    words = [*kinds.FALLS_BACK[kind], "ex:org.app.open(a='b c')", "colums-2" if kind.startswith("select") else "no-such-word"]
    written = f"{kind} yes_no" if kind.startswith("select") else kind
    survey = [q(written, f"q{i}", appearance=word, parameters=every.PARAMETERS.get(kind, "")) for i, word in enumerate(words)]
    found = [one for one in compiled(survey, choices=YES_NO).warnings if one.code.startswith("appearance")]
    assert [(one.code, one.sheet, one.row, one.column) for one in found] == [
        ("appearance_unknown" if word == words[-1] else "appearance_falls_back", "survey", 3 + i, "appearance")
        for i, word in enumerate(words)
    ]
    with app.test_request_context():
        for one in found[:-1]:
            said = {}
            for language in ("ar", "fr"):
                with force_locale(LOCALES[language]):
                    said[language] = (one.message, one.mend)
            assert said["ar"] != said["fr"]
            assert one.details["name"] in said["fr"][0]
    if kind.startswith("select"):
        assert found[-1].details["near"] == "columns-2"


def test_files_of_labels_and_lists_of_every_sort_are_there_without_network(form: Phone) -> None:  # M5
    form.context.set_offline(True)
    form.open_section(len(KINDS) + 3)
    seen = form.question("m_label")
    expect(seen.locator(".q-head img")).to_have_attribute("src", re.compile("^blob:"))
    expect(seen.locator(".q-head audio")).to_have_attribute("src", re.compile("^blob:"))
    # Choices have their own, in cards and in the appearances that show their words.
    expect(seen.locator(".option img")).to_have_count(2)
    expect(seen.locator(".option button")).to_have_count(2)
    expect(seen.locator(".option video")).to_have_attribute("src", re.compile("^blob:"))
    expect(form.question("m_rank").locator(".rank-name img")).to_have_count(2)
    expect(form.question("m_likert").locator(".cell-words img")).to_have_count(2)
    played = form.page.evaluate(
        """(option) => new Promise((resolve) => {
          globalThis.Audio = class {
            constructor(url) { this.url = url; }
            play() {
              resolve(this.url);
              return Promise.reject(new Error("silent"));
            }
          };
          document.querySelector(option).click();
        })""",
        ".q[data-name=m_label] .option button",
    )
    assert played.startswith("blob:")
    expect(seen.locator("[role=alert]").first).to_contain_text("الصوت")
    assert not seen.locator("input").first.is_checked()  # to listen is not to choose
    width = seen.locator(".q-head img").evaluate("(one) => one.decode().then(() => one.naturalWidth)")
    assert width > 0
    form.open_section(len(KINDS) + 4)
    for name, value in (("f_csv", "s1"), ("f_geo", "w2"), ("f_xml", "fez")):
        form.question(name).locator("button.picker").tap()
        form.page.locator(f".choice[data-value={value}]").tap()
        if name == "f_xml":
            form.page.locator(".overlay .go").tap()
    expect(form.question("f_geo")).to_contain_text("عين تيسلي")
    pkg = json.loads(every.instrument()["pkg"])
    assert {one["kind"] for one in pkg["datasets"].values()} == {"csv"}
