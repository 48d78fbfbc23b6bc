"""Every kind of question, as `kinds.md` asks them.

K1  Each stores its answer as XForms writes it.
K2  Each can be answered from the keyboard.
K3  Files are on the phone before the answer names them, and are sent with the form.
K4  Where the browser cannot, it says so in words and leaves another way.
K5  Nothing that axe finds serious, in either language.
K6  A row of a repeat can be made again, but nobody agrees for another.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, expect

from app.instruments import convert
from app.instruments.compiler import compile_answer
from app.instruments.files import read_media, sha256_of
from app.instruments.workbook import MAX_BYTES
from tests.e2e.device import until
from tests.form.conftest import ROOT, Phone, instrument
from tests.instruments import forms

pytestmark = pytest.mark.browser
SECTIONS = ("numbers", "words", "choices1", "table", "moments", "files", "places", "wide", "item")


@pytest.fixture
def form(phone: Phone) -> str:
    phone.install("kinds")
    return phone.start("kinds")


def _open(phone: Phone, section: str) -> None:
    phone.open_section(SECTIONS.index(section) + 1)


def _choose(question: Locator, value: str) -> None:
    question.locator("label").filter(has=question.page.locator(f"input[value='{value}']")).tap()


def _answers(phone: Phone, draft: str, section: str) -> dict[str, Any]:
    return {name: value for name, value in phone.draft(draft)["snapshot"][section].items() if value}


def test_numbers_and_words_are_stored_as_xforms_writes_them(phone: Phone, form: str) -> None:  # K1
    ask = phone.question
    _open(phone, "numbers")
    expect(ask("r_plain").locator("[type=range]")).to_have_attribute("aria-valuetext", "لا يوجد جواب بعد")
    assert _answers(phone, form, "numbers") == {}  # a slider in its middle is no answer
    ask("r_plain").locator(".range-number").fill("٧,٥")
    ask("r_vert").locator("[type=range]").fill("12")
    ask("r_pick").locator("button").tap()
    phone.page.locator(".choice[data-value='6']").tap()
    _choose(ask("r_stars"), "4")
    for _ in range(3):
        ask("n_count").locator(".step").last.tap()
    ask("n_count").locator(".step").first.tap()
    ask("n_sep").locator("input").fill("28 250")
    ask("n_bear").locator("input").fill("92,5")
    expect(ask("n_sep").locator("input")).to_have_value("28\u202f250")
    numbers = {
        "r_plain": "7.5",
        "r_vert": "12",
        "r_pick": "6",
        "r_stars": "4",
        "n_count": "2",
        "n_sep": "28250",
        "n_bear": "92.5",
    }
    assert _answers(phone, form, "numbers") == numbers
    ask("n_bear").locator("button").tap()
    north = "const turn = new Event('deviceorientationabsolute'); turn.alpha = 0.02; dispatchEvent(turn)"
    phone.page.evaluate(f"() => {{ {north} }}")
    expect(ask("n_bear").locator("input")).to_have_value("0,0")
    assert _answers(phone, form, "numbers")["n_bear"] == "0.0"

    _open(phone, "words")
    ask("t_multi").locator("textarea").fill("سطر\nوآخر")
    ask("t_num").locator("input").fill("٠٠١٢")
    ask("t_url").locator("input").fill("https://example.ma/a")
    expect(ask("t_url").locator("a")).to_have_attribute("href", "https://example.ma/a")
    ask("t_mask").locator("input").fill("سر")
    expect(ask("t_mask").locator("input")).to_have_attribute("type", "password")
    ask("t_code").locator("input.input").fill("٦١١")
    ask("t_code2").locator("input.input").fill("612")
    ask("t_code2").locator("input.input").blur()
    expect(ask("t_code2")).not_to_contain_text("612")
    ask("t_ack").locator(".option").tap()
    expected = {"t_multi": "سطر\nوآخر", "t_num": "0012", "t_url": "https://example.ma/a", "t_mask": "سر"}
    assert _answers(phone, form, "words") == expected | {"t_code": "611", "t_code2": "612", "t_ack": "OK"}


def test_choices_and_dates_are_stored_as_xforms_writes_them(phone: Phone, form: str) -> None:  # K1
    ask = phone.question
    _open(phone, "choices1")
    _choose(ask("c_other"), "other")
    ask("c_other_other").locator("input").fill("زيتون")
    _choose(ask("c_likert"), "4")
    _choose(ask("c_cols"), "rose")
    _choose(ask("c_cols3"), "2")
    _choose(ask("c_pack"), "rose")
    _choose(ask("c_pack"), "argan")
    _choose(ask("c_map"), "saffron")
    for name, several in (("c_min", False), ("c_auto", True)):
        ask(name).locator("button").tap()
        phone.page.locator(".choice[data-value=carpet]").tap()
        if several:
            phone.page.locator(".overlay .go").tap()
    rank = ask("c_rank")
    expect(rank.locator(".ranking")).to_have_class("ranking blank")
    rank.get_by_role("button", name=re.compile("إلى الأعلى: .ورد")).tap()
    rank.get_by_role("button", name=re.compile("إلى الأعلى: .ورد")).tap()
    choices = {
        "c_other": "other",
        "c_other_other": "زيتون",
        "c_likert": "4",
        "c_cols": "rose",
        "c_cols3": "2",
        "c_pack": "argan rose",
    }
    choices |= {"c_map": "saffron", "c_min": "carpet", "c_auto": "carpet", "c_rank": "rose argan saffron carpet other"}
    assert _answers(phone, form, "choices1") == choices
    top = rank.locator(".rank-grip").nth(4).bounding_box()
    to = rank.locator(".rank-line").first.bounding_box()
    assert top
    assert to
    phone.page.mouse.move(top["x"] + 9, top["y"] + 20)
    phone.page.mouse.down()
    phone.page.mouse.move(top["x"] + 9, to["y"] + 4, steps=8)
    phone.page.mouse.up()
    assert _answers(phone, form, "choices1")["c_rank"] == "other rose argan saffron carpet"

    _open(phone, "table")
    expect(phone.page.locator(".fill-status h2")).to_contain_text("جدول")
    _choose(ask("tb_a"), "1")
    _choose(ask("tb_b"), "5")
    assert _answers(phone, form, "table") == {"tb_a": "1", "tb_b": "5"}

    _open(phone, "moments")
    ask("d_my").locator("select").select_option(label="غشت")
    ask("d_my").locator("input").fill("2019")
    ask("d_y").locator("input").fill("١٩٨٤")
    days = ask("d_nc").locator("select")
    days.nth(0).select_option("31")
    days.nth(1).select_option("2")
    ask("d_nc").locator("input").fill("1990")
    expect(ask("d_nc").locator(".q-error")).to_contain_text("لا يوجد يوم كهذا")
    days.nth(0).select_option("28")
    expect(ask("d_nc").locator(".q-error")).to_have_count(0)
    ask("d_time").locator("input").fill("14:05")
    ask("d_dt").locator("input").fill("2026-11-30T10:00")
    dates = {"d_my": "2019-08-01", "d_y": "1984-01-01", "d_nc": "1990-02-28"}
    moments = _answers(phone, form, "moments")
    assert dates.items() <= moments.items()
    assert re.fullmatch(r"14:05:00\.000[+-]\d\d:\d\d", moments["d_time"])
    assert re.fullmatch(r"2026-11-30T10:00:00\.000[+-]\d\d:\d\d", moments["d_dt"])


def test_a_walk_is_kept_point_by_point(phone: Phone, form: str) -> None:  # K1
    _open(phone, "places")
    corners = [(33.05, -3.99), (33.051, -3.988), (33.0492, -3.987)]
    for name in ("g_line", "g_shape"):
        question = phone.question(name)
        for latitude, longitude in corners:
            phone.context.set_geolocation({"latitude": latitude, "longitude": longitude, "accuracy": 8})
            question.get_by_role("button", name="إضافة نقطة هنا").tap()
            question.get_by_role("button", name="الاحتفاظ").tap()
        expect(question.locator("[role=img]")).to_be_visible()
    expect(phone.question("g_shape")).to_contain_text("هكتار")
    points = ["33.05 -3.99 0 8", "33.051 -3.988 0 8", "33.0492 -3.987 0 8"]
    assert _answers(phone, form, "places") == {"g_line": ";".join(points), "g_shape": ";".join([*points, points[0]])}
    phone.question("g_line").locator("summary").tap()
    phone.question("g_line").get_by_role("button", name="حذف النقطة 2").tap()
    assert _answers(phone, form, "places")["g_line"] == ";".join([points[0], points[2]])

    walk = phone.question("g_line")
    walk.locator("select").select_option("5")
    phone.page.clock.install()
    walk.get_by_role("button", name="التسجيل أثناء السير").tap()
    expect(walk).to_contain_text("الدقة")
    phone.context.set_geolocation({"latitude": 33.06, "longitude": -3.98, "accuracy": 9})
    expect(walk).to_contain_text("9")
    phone.page.clock.run_for(11_000)
    walk.get_by_role("button", name="إيقاف السير").tap()
    phone.page.clock.run_for(1000)
    assert _answers(phone, form, "places")["g_line"] == ";".join(
        [points[0], points[2], "33.06 -3.98 0 9"]
    )  # standing adds nothing


def test_every_kind_is_answered_from_the_keyboard(phone: Phone, form: str) -> None:  # K2
    page, ask = phone.page, phone.question

    def focus(target: Locator, *keys: str) -> None:
        target.focus()
        for key in keys:
            page.keyboard.press(key)

    focus(ask("r_plain").locator("[type=range]"), "Home", "ArrowUp", "ArrowUp")
    focus(ask("r_vert").locator("[type=range]"), "Home", "ArrowUp")
    focus(ask("r_stars").locator("input").first, "Space", "ArrowDown", "ArrowDown")
    focus(ask("n_count").locator(".step").last, "Enter", "Enter")
    assert _answers(phone, form, "numbers") == {"r_plain": "1.0", "r_vert": "1", "r_stars": "3", "n_count": "2"}
    _open(phone, "choices1")
    focus(ask("c_likert").locator("input").first, "Space", "ArrowDown")
    focus(ask("c_rank").locator(".rank-move:not([disabled])").first, "Enter", "Enter")
    focus(ask("c_pack").locator("input").first, "Space")
    expected = {"c_likert": "2", "c_rank": "saffron rose argan carpet other", "c_pack": "argan"}
    assert _answers(phone, form, "choices1") == expected
    _open(phone, "table")
    focus(ask("tb_a").locator("input").first, "Space", "ArrowDown", "ArrowDown")
    assert _answers(phone, form, "table") == {"tb_a": "3"}


@pytest.fixture
def studio(chromium: Browser, form_site: str) -> Any:
    """A phone with a microphone that may be used."""
    context = chromium.new_context(
        viewport={"width": 360, "height": 800}, locale="ar-MA", has_touch=True, permissions=["microphone"]
    )
    context.set_default_timeout(30_000)
    held = Phone(context, form_site)
    yield held
    context.close()
    assert not held.complaints, held.complaints


# A tone instead of the microphone that this machine lacks, after a moment as where the browser asks first.
TONE = """() => {
  globalThis.streams = [];
  navigator.mediaDevices.getUserMedia = async () => {
    const context = new AudioContext();
    const tone = context.createOscillator();
    const out = context.createMediaStreamDestination();
    tone.connect(out);
    tone.start();
    await new Promise((resolve) => setTimeout(resolve, 300));
    streams.push(out.stream);
    return out.stream;
  };
}"""


def test_sounds_films_files_and_drawings_are_kept_and_sent(studio: Phone) -> None:  # K3
    phone, ask = studio, studio.question
    phone.install("kinds")
    draft = phone.start("kinds")
    _open(phone, "files")
    phone.page.evaluate(TONE)
    ask("f_audio").get_by_role("button", name="تسجيل الصوت").tap()
    expect(ask("f_audio")).to_contain_text("0:01")
    ask("f_audio").get_by_role("button", name="إيقاف وحفظ").tap()
    ask("f_audio").get_by_role("button", name="استماع").tap()
    expect(ask("f_audio").locator("audio")).to_have_attribute("src", re.compile("^blob:"))
    film = {"name": "IMG 1.MP4", "mimeType": "video/mp4", "buffer": b"\0\0\0\x18ftypmp42" + b"x" * 900}
    ask("f_video").locator("input").first.set_input_files([film])  # type: ignore[list-item]
    ask("f_file").locator("input").set_input_files([{"name": "قانون.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4"}])
    expect(phone.page.locator(".kept-file")).to_have_count(2)
    expect(phone.page.locator("audio")).to_have_count(1)
    pad = ask("f_draw").locator("canvas")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box
    phone.page.mouse.move(box["x"] + 30, box["y"] + 160)
    phone.page.mouse.down()
    phone.page.mouse.move(box["x"] + 90, box["y"] + 200, steps=3)
    phone.page.mouse.up()
    ask("f_draw").get_by_role("button", name="تم").tap()
    expect(ask("f_draw").locator("img")).to_be_visible()
    photo = phone.page.screenshot(clip={"x": 0, "y": 0, "width": 200, "height": 300})
    ask("f_note").locator("input").first.set_input_files([{"name": "a.png", "mimeType": "image/png", "buffer": photo}])
    expect(ask("f_note").locator("img")).to_be_visible()
    plain = _answers(phone, draft, "files")["f_note"]
    ask("f_note").get_by_role("button", name="الرسم على الصورة").tap()
    ask("f_note").locator("canvas").tap()
    phone.page.evaluate("harness.router.navigate('#/today')")  # leaving keeps what was drawn
    phone.page.evaluate("(id) => harness.router.navigate(`#/form/${id}`)", draft)
    _open(phone, "files")
    answers = _answers(phone, draft, "files")
    assert answers["f_note"] != plain
    endings = {name: value.rpartition(".")[2] for name, value in answers.items()}
    assert endings == {"f_audio": "webm", "f_video": "mp4", "f_file": "pdf", "f_draw": "png", "f_note": "jpg"}

    phone.open_section(10)
    phone.page.locator(".go").click()
    expect(phone.page.locator(".result")).to_be_visible()
    [item] = phone.page.evaluate("harness.phone.outbox.all()")
    sent = {one["question"]: one for one in json.loads(item["envelope"])["attachments"]}
    assert {path: one["name"] for path, one in sent.items()} == {f"files/{name}": value for name, value in answers.items()}
    assert sent["files/f_file"]["size"] == 8
    assert all(phone.page.evaluate("(sha256) => harness.phone.files.isWhole(sha256)", one["sha256"]) for one in sent.values())


def test_what_is_drawn_or_said_in_a_row_stays_with_it_when_a_row_above_goes(studio: Phone) -> None:  # K3
    phone, page = studio, studio.page
    survey = [
        forms.q("begin_repeat", "member"),
        forms.q("text", "name"),
        forms.q("image", "sign", appearance="signature"),
        forms.q("audio", "said"),
        forms.q("end_repeat"),
    ]
    package = forms.compiled(survey).package_json
    page.evaluate("(what) => harness.install(what)", {"pkg": package, "sha256": "1" * 64, "datasets": {}})
    draft = phone.start("essai")
    page.evaluate(TONE)
    rows = page.locator(".row-box")
    for at, name in enumerate(("فاطمة", "عائشة", "خديجة")):
        if at:
            page.locator(".btn.add").tap()
        rows.nth(at).locator("[data-name=name] input").fill(name)
    rows.nth(1).locator("canvas").tap()
    rows.nth(2).locator("[data-name=said] .btn").first.tap()
    expect(rows.nth(2)).to_contain_text("0:01")
    rows.nth(0).get_by_role("button", name="حذف").tap()
    until(lambda: phone.draft(draft)["snapshot"]["member"][1].get("said"), "the sound is kept")
    kept = [{key: value.split("-")[0] for key, value in row.items()} for row in phone.draft(draft)["snapshot"]["member"]]
    assert kept == [{"name": "عائشة", "sign": "sign"}, {"name": "خديجة", "said": "said"}]


def test_a_picture_that_came_with_the_form_is_shown_drawn_on_and_sent_as_an_answer(phone: Phone) -> None:  # K3
    """Those of pages that nobody opened too; one that is not on the phone holds nobody up."""
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" width="120" height="60"><rect width="90" height="50"/></svg>'
    kept = read_media("plan.svg", svg)
    survey = [
        forms.q("begin_group", "site"),
        forms.q("image", "plan", appearance="annotate", default="plan.svg"),
        forms.q("image", "lost", default="lost.png"),
        forms.q("end_group"),
        forms.q("begin_group", "more"),
        forms.q("image", "unseen", default="plan.svg", **{"parameters": "max-pixels=64"}),
        forms.q("end_group"),
    ]
    answer = convert.answer("essai.md", forms.markdown(survey).encode(), MAX_BYTES)
    compiled = compile_answer(answer, {}, media={"plan.svg": sha256_of(kept)})
    missing = [one.details["name"] for one in compiled.warnings if one.code == "media_missing"]
    assert missing == ["lost.png"]
    files = {"pkg": compiled.package_json, "sha256": "1" * 64, "datasets": {sha256_of(kept): kept}}
    phone.page.evaluate("(what) => harness.install(what)", files)
    draft = phone.start("essai")
    plan = phone.question("plan")
    expect(plan.locator("img")).to_be_visible()
    assert _answers(phone, draft, "site")["plan"] == "jr://images/plan.svg"
    plan.get_by_role("button", name="الرسم على الصورة").tap()
    plan.locator("canvas").tap()
    plan.get_by_role("button", name="تم").tap()
    expect(plan.locator("img")).to_be_visible()
    phone.open_section(3)
    phone.page.locator(".fill-foot .go").tap()
    expect(phone.page.locator(".result")).to_be_visible()
    [item] = phone.page.evaluate("harness.phone.outbox.all()")
    envelope = json.loads(item["envelope"])
    assert {one["question"]: one["name"] for one in envelope["attachments"]} == {
        "site/plan": envelope["answers"]["site"]["plan"],
        "more/unseen": envelope["answers"]["more"]["unseen"],
    }
    assert "lost" not in envelope["answers"]["site"]


def test_no_microphone_stays_open_unseen(studio: Phone) -> None:  # K3
    """Two taps while the browser asks, a call that takes the microphone away, a question that another answer takes away."""
    phone, page = studio, studio.page
    survey = [forms.q("select_one yes_no", "may"), forms.q("audio", "said", relevant="${may} != 'no'"), forms.q("text", "rest")]
    package = forms.compiled(survey, choices=forms.YES_NO).package_json
    page.evaluate("(what) => harness.install(what)", {"pkg": package, "sha256": "1" * 64, "datasets": {}})
    phone.start("essai")
    page.evaluate(TONE)
    said = phone.question("said")
    live = "streams.flatMap((one) => one.getTracks()).filter((track) => track.readyState === 'live').length"
    said.locator("button.btn").first.evaluate("(button) => { button.click(); button.click(); }")
    expect(said).to_contain_text("0:01")
    assert page.evaluate(live) == 1
    page.evaluate("streams[0].getTracks()[0].stop()")
    expect(said.locator(".kept-file")).to_be_visible()
    expect(said.locator("button.btn").first).to_be_enabled()
    said.get_by_role("button", name="إعادة التسجيل").tap()
    expect(said).to_contain_text("0:01")
    phone.question("may").locator(".option").last.tap()
    expect(said).to_be_hidden()
    until(lambda: page.evaluate(live) == 0, "the microphone is closed")
    phone.question("may").locator(".option").first.tap()
    expect(said.locator(".kept-file")).to_be_visible()
    said.get_by_role("button", name="إعادة التسجيل").tap()
    phone.question("said").locator(".q-label").tap()  # drawn anew while the browser asks
    page.evaluate("harness.router.navigate('#/today')")
    until(lambda: page.evaluate("streams.length") == 3, "the browser gave the microphone")
    until(lambda: page.evaluate(live) == 0, "the microphone is closed")


def test_what_the_browser_cannot_is_said_and_leaves_a_way(phone: Phone, form: str) -> None:  # K4
    ask = phone.question
    _open(phone, "words")
    ask("t_code").locator("button").tap()
    expect(ask("t_code")).to_contain_text("هذا المتصفح لا يقرأ الرموز")
    _open(phone, "files")
    ask("f_audio").get_by_role("button", name="تسجيل الصوت").tap()
    expect(ask("f_audio").locator("[role=alert]")).to_contain_text("ميكروفون")
    expect(ask("f_audio").locator("[type=file]")).to_have_count(1)
    phone.page.evaluate("delete globalThis.MediaRecorder")
    ask("f_audio").locator("[type=file]").set_input_files([{"name": "a.amr", "mimeType": "audio/amr", "buffer": b"#!AMR"}])
    expect(ask("f_audio")).to_contain_text("هذا المتصفح لا يستطيع التسجيل")
    expect(ask("f_audio").locator(".kept-file")).to_contain_text(".amr")
    assert _answers(phone, form, "files")["f_audio"].endswith(".amr")
    ask("f_file").locator("[type=file]").set_input_files([{"name": "c.pdf", "mimeType": "application/pdf", "buffer": b""}])
    expect(ask("f_file").locator("[role=alert]")).to_contain_text("فارغ")
    assert "f_file" not in _answers(phone, form, "files")
    phone.page.evaluate("Object.defineProperty(File.prototype, 'size', { get: () => 7e7 })")
    ask("f_file").locator("[type=file]").set_input_files([{"name": "b.zip", "mimeType": "application/zip", "buffer": b"PK"}])
    expect(ask("f_file").locator("[role=alert]")).to_contain_text("64")
    _open(phone, "places")
    phone.context.clear_permissions()
    ask("g_line").get_by_role("button", name="إضافة نقطة هنا").tap()
    expect(ask("g_line").locator("[role=alert]")).to_contain_text("الهاتف لا يسمح")
    point = ask("g_point")
    point.locator("button").tap()
    # West is not read as east: letters are not guessed at.
    for typed in ("N 33.05 W 4.05", "33 3 0", "هنا"):
        point.locator("input").fill(typed)
        point.locator("input").blur()
        expect(point.locator("[role=alert]")).to_contain_text("خط")
    assert "g_point" not in _answers(phone, form, "places")
    point.locator("input").fill("33,05 -4,05")
    point.locator("input").press("Enter")
    expect(point.locator("[role=alert]")).to_have_count(0)
    assert _answers(phone, form, "places")["g_point"] == "33.05 -4.05 0 0"


def test_a_code_is_read_where_the_browser_can(phone: Phone) -> None:
    phone.context.add_init_script(
        """globalThis.BarcodeDetector = class {
          static async getSupportedFormats() { return ['ean_13']; }
          async detect() { return [{ rawValue: '6111259091234' }]; }
        };"""
    )
    phone.reload()
    phone.install("kinds")
    draft = phone.start("kinds")
    _open(phone, "words")
    picture = phone.page.screenshot(clip={"x": 0, "y": 0, "width": 60, "height": 60})
    photo = [{"name": "a.png", "mimeType": "image/png", "buffer": picture}]
    phone.question("t_code").locator("[type=file]").set_input_files(photo)  # type: ignore[arg-type]
    expect(phone.question("t_code").locator("input").first).to_have_value("6111259091234")
    assert _answers(phone, draft, "words") == {"t_code": "6111259091234"}


@pytest.mark.parametrize("phone", ["ar", "fr"], indirect=True)
def test_axe_finds_nothing_serious_in_any_kind(phone: Phone, form: str) -> None:  # K5
    phone.page.evaluate((ROOT / "node_modules/axe-core/axe.min.js").read_text("utf-8"))
    for section in SECTIONS:
        _open(phone, section)
        found = phone.page.evaluate("axe.run(document.body).then(({ violations }) => violations)")
        serious = [
            (section, one["id"], [node["html"] for node in one["nodes"]])
            for one in found
            if one["impact"] in ("serious", "critical")
        ]
        assert serious == []
        small = phone.page.evaluate(
            """() => [...document.querySelectorAll(".q button, .q input.input, .q select, .q label:has(input)")]
              .filter((one) => one.offsetParent && one.getBoundingClientRect().height < 48)
              .map((one) => one.outerHTML.slice(0, 120))"""
        )
        assert small == [], section
        assert phone.page.evaluate("document.documentElement.scrollWidth") == 360, section


def test_a_row_is_made_again_without_anybodys_agreement(phone: Phone) -> None:  # K6
    phone.install("kinds")
    draft = phone.start("kinds")
    _open(phone, "item")
    phone.question("i_name").locator("input").fill("زربية")
    phone.question("i_count").locator(".step").last.tap()
    phone.page.get_by_role("button", name="نسخ").tap()
    expect(phone.question("i_name")).to_have_count(2)
    phone.question("i_name").last.locator("input").fill("وسادة")
    rows = [(row["i_name"], row["i_count"]) for row in phone.draft(draft)["snapshot"]["item"]]
    assert rows == [("زربية", "1"), ("وسادة", "1")]
    copied = phone.page.evaluate(
        """async (pkg) => {
          const { createForm } = await import("/static/js/engine/form.js");
          const { Session } = await import("/static/js/form/session.js");
          const lock = { release() {}, onTaken() {} };
          const host = { now: () => 0, offset: () => 60, random: Math.random, uuid: () => crypto.randomUUID() };
          const make = () => createForm(pkg, { datasets: {}, meta: {}, ...host });
          const session = new Session(harness.phone, { files: [] }, pkg, make, lock);
          const consent = pkg.nodes.find(({ attributes }) => attributes?.role === "consent");
          session.set(`part[1]/${consent.name}`, "yes");
          session.set("part[1]/p_sex", "f");
          const { copyRow } = await import("/static/js/form/copy.js");
          copyRow({ session, apply() {}, toast() {} }, "part[1]");
          session.close();
          return [session.form.view(`part[2]/${consent.name}`).value, session.form.view("part[2]/p_sex").value];
        }""",
        json.loads(instrument("train")["pkg"]),
    )
    assert copied == ["", "f"]
