"""Every kind of question with every appearance, in Chromium, from the keyboard and for screen readers.

E1  Each is reached and answered with the keyboard alone.
E2  Nothing that axe finds serious or critical, blank or answered, in either language.
E3  Nothing to press is lower than 48 px, and nothing is wider than a phone of 360 px.
E4  A form that asks for a log sends one.
E5  Codes are read by the library where the browser cannot, also without network.
E6  A drawing with named parts is tapped to choose; what a drawing may not hold stays out of the page.
E7  Choices that are searched on a page of their own show their pictures there.
"""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
import segno
from playwright.sync_api import Locator, Page, TimeoutError, expect

from tests.e2e.device import until
from tests.form import every
from tests.form.conftest import ROOT, Phone

pytestmark = pytest.mark.browser
KINDS = every.asked_kinds()
SECTIONS = [*KINDS, "table", "grid", "media", "lists"]
TYPED = {"integer": "12", "decimal": "12.5", "range": "3", "date": "1990", "barcode": "6111", "text": "نص"}
FILES = {
    "image": ("a.png", "image/png"),
    "audio": ("a.ogg", "audio/ogg"),
    "video": ("a.mp4", "video/mp4"),
    "file": ("a.pdf", "application/pdf"),
}
COUNTS = {kind: len(every.appearances(kind)) for kind in KINDS} | {"table": 3, "grid": 4, "lists": 4}
AXE = "axe.run(document.body).then(({ violations }) => violations)"


@pytest.fixture
def form(phone: Phone) -> str:
    phone.page.evaluate("(what) => harness.install(what)", every.instrument())
    return phone.start("every")


def _inside(page: Page, question: Locator) -> bool:
    return bool(question.evaluate("(one) => one.contains(document.activeElement)"))


def _tab_to(page: Page, selector: str, most: int = 30) -> None:
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"Tab does not lead to {selector}")


def _choose_file(page: Page, question: Locator, kind: str, picture: bytes) -> None:
    reached = page.evaluate_handle("document.activeElement").as_element()
    assert reached
    for _ in range(6):  # a chooser that has just closed swallows a key, and the focus with it
        try:
            with page.expect_file_chooser(timeout=5000) as chooser:
                page.keyboard.press("Enter")
            break
        except TimeoutError:
            reached.focus()
    name, mime = FILES[kind]
    chooser.value.set_files([{"name": name, "mimeType": mime, "buffer": picture if kind == "image" else b"x" * 100}])
    expect(question.locator("figure img, .kept-file").first).to_be_visible()


def _answer(page: Page, question: Locator, kind: str, picture: bytes) -> None:
    """With keys only, whatever stands under the focus."""
    question.evaluate("(one) => { one.tabIndex = -1; one.focus(); }")
    page.keyboard.press("Tab")
    assert _inside(page, question), question.get_attribute("data-name")
    # Sound and film of a label, explanations: on the way.
    at = page.evaluate("[document.activeElement.localName, document.activeElement.type ?? '', document.activeElement.className]")
    match at:
        case ["canvas", *_]:
            for key in ("ArrowRight", "ArrowRight", "Shift+ArrowDown", "ArrowLeft"):
                page.keyboard.press(key)
        case ["textarea", *_] | ["input", "text" | "password" | "tel", _]:
            page.keyboard.type(TYPED.get(kind, "نص"))
            page.keyboard.press("Tab")
        case ["input", "range", _]:
            page.keyboard.press("Home")
            page.keyboard.press("ArrowUp")
        case ["input", "radio" | "checkbox", _]:
            page.keyboard.press("Space")
        case ["input", "file", _]:
            _choose_file(page, question, kind, picture)
        case ["input", "date" | "time" | "datetime-local", _]:
            for _ in range(6):
                page.keyboard.press("ArrowUp")
                page.keyboard.press("Tab")
        case ["select", *_]:
            while _inside(page, question) and page.evaluate("document.activeElement.localName === 'select'"):
                page.keyboard.press("ArrowDown")
                page.keyboard.press("Tab")
            page.keyboard.type("1990")
        case ["button", _, css] if "picker" in css:
            page.keyboard.press("Enter")
            _tab_to(page, ".choice")
            page.keyboard.press("Enter")
            if page.locator("dialog[open]").count():
                _tab_to(page, ".overlay-foot .go")
                page.keyboard.press("Enter")
            expect(page.locator("dialog")).to_have_count(0)
        case ["button", _, "enlarge"]:
            page.keyboard.press("Enter")
            expect(page.locator(".whole-picture")).to_be_visible()
            page.keyboard.press("Escape")
            expect(page.locator("dialog")).to_have_count(0)
            _tab_to(page, ".option input")
            page.keyboard.press("Space")
        case ["button", _, "quiet"] if kind == "media":  # the sound of a choice
            page.keyboard.press("Enter")
            expect(question.locator("[role=alert]").first).to_be_visible()  # and it is no sound
            _tab_to(page, ".rank-move:enabled, .choice-cell input")
            page.keyboard.press("Space")
        case ["button", *_] if kind == "geopoint":
            page.keyboard.press("Enter")
            expect(question.locator(".q-value")).to_be_visible()
        case ["button", *_] if kind == "audio":
            page.keyboard.press("Enter")
            expect(question.locator("[role=alert]")).to_be_visible()  # this machine has no microphone
            page.keyboard.press("Tab")
            _choose_file(page, question, kind, picture)
        case ["button", *_] if kind in ("geotrace", "geoshape"):
            for _ in range(3):
                page.keyboard.press("Enter")
                keep = question.locator(".search-place .btn")
                expect(keep).to_be_enabled()
                question.evaluate("(one) => one.focus()")
                _tab_to(page, ".search-place .btn")
                page.keyboard.press("Enter")
                question.evaluate("(one) => one.focus()")
                page.keyboard.press("Tab")
        case ["button", *_] if kind == "integer":  # one less is off
            page.keyboard.press("Enter")
        case _:
            page.keyboard.press("Enter")


def _flat(answers: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in answers.items():
        found |= _flat(value) if isinstance(value, dict) else {name: value}
    return found


@pytest.mark.parametrize("kind", SECTIONS)
def test_every_question_is_answered_from_the_keyboard(phone: Phone, form: str, kind: str) -> None:  # E1
    page = phone.page
    phone.open_section(SECTIONS.index(kind) + 1)
    picture = page.screenshot(clip={"x": 0, "y": 0, "width": 60, "height": 60})
    expect(page.locator(".q").nth(COUNTS.get(kind, 1) - 1)).to_be_attached()
    names = page.evaluate("[...document.querySelectorAll('.q')].map((one) => one.dataset.name)")
    silent = {name for name in names if not phone.question(name).locator("input, button, canvas, textarea, select").count()}
    for name in names:
        question = phone.question(name)
        if name in silent:
            continue
        _answer(page, question, kind, picture)
    asked = [name for name in names if name not in silent]
    phone.open_section(SECTIONS.index(kind) or 1)  # leaving keeps what was drawn
    until(lambda: all(_flat(phone.draft(form)["snapshot"]).get(name) for name in asked), kind)
    given = _flat(phone.draft(form)["snapshot"])
    assert [name for name in asked if not given.get(name)] == []
    assert len(silent) < len(names) or kind == "note"


@pytest.mark.parametrize("phone", ["ar", "fr"], indirect=True)
def test_axe_finds_nothing_serious_and_everything_fits(phone: Phone, form: str) -> None:  # E2, E3
    page = phone.page
    page.evaluate((ROOT / "node_modules/axe-core/axe.min.js").read_text("utf-8"))
    for place, section in enumerate(SECTIONS, 1):
        phone.open_section(place)
        expect(page.locator(".q").nth(COUNTS.get(section, 1) - 1)).to_be_attached()
        for answered in (False, True):
            if answered:
                for box in page.locator(".q input[type=radio]:first-of-type, .q input[type=checkbox]:first-of-type").all():
                    box.evaluate("(one) => one.checked || one.click()")
            serious = [
                (section, one["id"], [node["html"][:200] for node in one["nodes"]])
                for one in page.evaluate(AXE)
                if one["impact"] in ("serious", "critical")
            ]
            assert serious == []
        small = page.evaluate(
            """() => [...document.querySelectorAll(".q button, .q input.input, .q select, .q label:has(input)")]
              .filter((one) => one.offsetParent && one.getBoundingClientRect().height < 47.5)
              .map((one) => one.outerHTML.slice(0, 120))"""
        )
        assert small == [], section
        assert page.evaluate("document.documentElement.scrollWidth") == 360, section


def test_the_choices_of_a_list_that_is_searched_show_their_pictures(phone: Phone, form: str) -> None:  # E7
    phone.open_section(SECTIONS.index("media") + 1)
    phone.question("m_list").locator("button.picker").click()
    pictures = phone.page.locator("dialog .choice .label-picture")
    expect(pictures).to_have_count(2)
    until(lambda: pictures.first.evaluate("(one) => one.naturalWidth") > 0, "the picture is drawn")


def test_a_log_of_the_filling_is_sent_with_the_form(phone: Phone, form: str) -> None:  # E4
    phone.open_section(KINDS.index("text") + 1)
    phone.question("text_plain").locator("input").fill('زربية, "كبيرة"')
    phone.draft(form)
    phone.reload()
    phone.open_section(len(SECTIONS) + 1)
    phone.page.locator(".go").click()
    expect(phone.page.locator(".result")).to_be_visible()
    [item] = phone.page.evaluate("harness.phone.outbox.all()")
    envelope = json.loads(item["envelope"])
    [file] = [one for one in envelope["attachments"] if one["question"] == "meta/audit"]
    assert (file["type"], file["name"]) == ("text/csv", envelope["answers"]["meta"]["audit"])
    text = phone.page.evaluate("(sha256) => harness.phone.files.read(sha256).then((blob) => blob.text())", file["sha256"])
    lines = list(csv.DictReader(io.StringIO(text)))
    assert list(lines[0]) == ["event", "node", "start", "end", "old-value", "new-value", "user"]
    events = [one["event"] for one in lines]
    assert events[0] == "form start"
    assert events[1] == "group questions"  # the first page is seen before anything is answered
    assert events[-1] == "form finalize"
    assert [one for one in events if one.startswith("form")] == ["form start", "form exit", "form resume", "form finalize"]
    [answer] = [one for one in lines if one["event"] == "question"]
    assert (answer["node"], answer["old-value"], answer["new-value"]) == ("/data/s_text/text_plain", "", 'زربية, "كبيرة"')
    assert answer["user"] == "amina"
    assert int(answer["start"]) <= int(answer["end"])
    pages = [one for one in lines if one["event"] == "group questions"]
    assert "/data/s_text" in {one["node"] for one in pages}
    assert [one for one in pages if not one["end"]] == []


def test_a_code_is_read_by_the_library_where_the_browser_cannot(phone: Phone) -> None:  # E5
    source = (ROOT / "static/vendor/zxing/zxing.min.js").read_text("utf-8")
    phone.page.route("**/field/codes.test.js", lambda route: route.fulfill(body=source, content_type="text/javascript"))
    phone.page.evaluate("document.documentElement.dataset.more = '/field/codes.test.js'")
    # A phone without Google's services has the class, and nothing behind it.
    phone.page.evaluate("() => { globalThis.BarcodeDetector = class { static getSupportedFormats = async () => []; }; }")
    phone.page.evaluate("(what) => harness.install(what)", every.instrument())
    phone.start("every")
    phone.open_section(KINDS.index("barcode") + 1)
    assert phone.page.evaluate("globalThis.ZXing ?? null") is None  # not before it is needed
    code = io.BytesIO()
    segno.make("6111259091234", micro=False).save(code, kind="png", scale=6, border=4)
    question = phone.question("barcode_plain")
    question.locator("[type=file]").set_input_files([{"name": "a.png", "mimeType": "image/png", "buffer": code.getvalue()}])
    expect(question.locator("input.input")).to_have_value("6111259091234")
    blank = phone.page.screenshot(clip={"x": 0, "y": 0, "width": 60, "height": 60})
    question.locator("[type=file]").set_input_files([{"name": "b.png", "mimeType": "image/png", "buffer": blank}])
    expect(question.locator("[role=alert]")).to_be_visible()
    question.locator("button").first.tap()
    expect(question.locator("[role=alert]")).to_contain_text("كاميرا")


def test_a_drawing_is_tapped_to_choose(phone: Phone, form: str) -> None:  # E6
    phone.open_section(KINDS.index("select_multiple") + 1)
    question = phone.question("select_multiple_image_map")
    drawing = question.locator("svg.image-map")
    expect(drawing).to_be_visible()
    drawing.locator("[data-choice=carpet] circle").click()
    drawing.locator("[data-choice=saffron]").click()
    expect(question.locator("input:checked")).to_have_count(2)
    expect(drawing.locator("[data-choice].on")).to_have_count(2)
    drawing.locator("[data-choice=carpet] circle").click()
    assert _flat(phone.draft(form)["snapshot"])["select_multiple_image_map"] == "saffron"
    copied = phone.page.evaluate(
        """async () => {
          const { copied } = await import("/static/js/form/widgets/more/image-map.js");
          const bad = `<svg xmlns="http://www.w3.org/2000/svg" onload="x()"><script>x()</script>
            <foreignObject><b/></foreignObject><a href="javascript:x()"><rect/></a>
            <rect id="argan" onclick="x()" style="fill:red" fill="#fff"/></svg>`;
          return copied(new DOMParser().parseFromString(bad, "image/svg+xml").documentElement).outerHTML;
        }"""
    )
    phone.complaints.clear()  # the browser says that it refused what the drawing would have done
    assert "x()" not in copied
    assert "style" not in copied
    assert 'data-choice="argan"' in copied
