"""The result in the room: one page for the group, made on the phone without network.

1. It shows level, axes, three strengths and what was agreed, with who and when, and nothing else that was said. After a visit:
   what still is to be done of what was agreed before.
2. What is printed of a result is the same, and nothing else.
3. It is sent on as a picture: by the phone's list of applications where there is one, else among the downloads.
4. The phone's own voice reads it where it has one for the language; where it has none, the page says so.
"""

from __future__ import annotations

import struct
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.device import until
from tests.form.conftest import Phone, instrument
from tests.form.test_summary import _answers, _open

pytestmark = pytest.mark.browser

SECRETS = ("سر الميسرة", "تعليق خاص", "نقطة ضعف")
PROPOSED = "إيداع ملف القيد أو ملف ملاءمة النظام الأساسي لدى كتابة الضبط"  # as LEG01 has it
# A voice as a phone has it: the browser of the tests brings none.
VOICE = """(language) => {
  window.heard = [];
  window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
  Object.defineProperty(window, "speechSynthesis", { configurable: true, value: {
    getVoices: () => (language ? [{ lang: language, localService: true, name: "voice" }] : []),
    addEventListener: (_, listener) => setTimeout(listener),
    speak: (one) => heard.push(one),
    cancel: () => {},
  } });
}"""


def _diagnosed() -> dict[str, Any]:
    answers = _answers({"leg01": "0", "cer02": "1"})
    answers["ax_LEG"]["note_leg"] = SECRETS[1]
    return answers | {
        "d_date": "2026-11-20",
        "grp_swot": {"swot_s": "جودة المنتوج\nتضامن العضوات", "swot_w": SECRETS[2]},
        "grp_plan": {
            "plan": [
                {"pl_source": "LEG01", "pl_action": PROPOSED, "pl_resp": "coop", "pl_due": "2027-01-15"},
                {"pl_source": "other", "pl_action": "فتح حساب بنكي", "pl_resp": "facilitator", "pl_due": "2027-02-01"},
            ]
        },
        "grp_private": {"d_opinion": "1", "d_note": SECRETS[0]},
    }


@pytest.fixture
def room(phone: Phone) -> Phone:
    _open(phone, _diagnosed())
    expect(phone.page.locator(".result-score")).to_be_visible()
    return phone


def test_the_group_sees_its_level_its_strengths_and_what_was_agreed_and_no_note(room):  # 1, 2
    page = room.page
    page.emulate_media(media="print")
    paper = page.locator(".paper")
    expect(page.locator(".result-main")).to_be_hidden()
    expect(paper.locator(".radar")).to_be_visible()
    page.emulate_media(media="screen")

    page.evaluate(VOICE, "")
    page.get_by_role("button", name="عرض النتيجة على المجموعة").click()
    shown = page.locator(".room-page")
    expect(shown.locator(".room-score")).to_contain_text("في طور الهيكلة")
    expect(shown.locator(".axis-bars li")).to_have_count(8)
    best = f"{shown.locator('.axis-label').nth(1).inner_text()}: 100,0/100"
    expect(shown.locator(".room-strengths li")).to_have_text(["جودة المنتوج", "تضامن العضوات", best])
    expect(shown.locator(".room-agreed li")).to_have_count(2)
    expect(shown.locator(".room-agreed li").first).to_contain_text("مجلس إدارة التعاونية أو مسيّرتها · في أجل أقصاه")
    expect(shown.locator(".room-agreed li").first).to_contain_text("15 يناير 2027")
    for secret in SECRETS:
        assert secret not in shown.inner_text() + paper.inner_text()
    sizes = shown.locator("li, b").evaluate_all("all => all.map((one) => parseFloat(getComputedStyle(one).fontSize))")
    assert min(sizes) >= 22
    expect(page.locator(".room")).to_contain_text("لا يتوفر هذا الهاتف على صوت")  # 4

    # The group reads Arabic, she works in French, or the other way round: the page changes where it is.
    page.locator(".room-more [lang=fr]").click()
    expect(shown.locator(".room-score")).to_contain_text("En structuration")
    expect(shown.locator(".room-agreed li").first).to_contain_text("Déposer au greffe le dossier d’immatriculation")
    expect(shown.locator(".room-agreed li").nth(1)).to_contain_text("فتح حساب بنكي")  # in the group's own words
    expect(page.locator(".room")).to_contain_text("pas de voix")
    page.go_back()
    expect(page.locator(".room")).to_have_count(0)
    expect(page.locator(".result-score")).to_be_visible()


def test_the_page_is_sent_on_as_a_picture(room):  # 3
    page = room.page
    page.evaluate(VOICE, "")
    page.locator(".fill-foot .go").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="إرسال على شكل صورة").click()
    assert download.value.suggested_filename == "تعاونية تيفاوين.png"
    picture = download.value.path().read_bytes()
    assert picture.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", picture[16:24])
    assert width == 1080
    assert height > 1500
    expect(page.locator(".room [role=status]")).not_to_be_empty()

    page.evaluate(
        """() => {
          navigator.canShare = ({ files }) => files.length === 1;
          navigator.share = async ({ files }) => { window.given = files[0]; };
        }"""
    )
    page.get_by_role("button", name="إرسال على شكل صورة").click()
    until(lambda: page.evaluate("Boolean(window.given)"), "the picture is given")
    assert page.evaluate("[given.type, given.size > 10000]") == ["image/png", True]
    # Words begin at the right: there is ink at the right edge of the first line, none at the left.
    ink = page.evaluate(
        """async () => {
          const picture = await createImageBitmap(given);
          const canvas = new OffscreenCanvas(picture.width, 150);
          const pen = canvas.getContext("2d");
          pen.drawImage(picture, 0, 0);
          const dark = (x) => pen.getImageData(x, 60, 200, 90).data.filter((one, i) => i % 4 === 0 && one < 100).length;
          return [dark(64), dark(816)];
        }"""
    )
    assert ink[0] == 0
    assert ink[1] > 100


def test_the_phones_voice_reads_the_page_and_stops_when_it_closes(room):  # 4
    page = room.page
    page.evaluate(VOICE, "ar-EG")
    page.locator(".fill-foot .go").click()
    page.get_by_role("button", name="القراءة بصوت مسموع").click()
    said = page.evaluate("heard.map((one) => [one.text, one.lang])")
    assert {language for _, language in said} == {"ar-EG"}
    text = "\n".join(one for one, _ in said)
    assert PROPOSED in text
    assert "15 يناير 2027" in text
    assert not any(secret in text for secret in SECRETS)
    expect(page.get_by_role("button", name="إيقاف القراءة")).to_be_visible()
    page.evaluate("heard.at(-1).onend()")
    expect(page.get_by_role("button", name="القراءة بصوت مسموع")).to_be_visible()


def test_after_a_visit_the_group_sees_what_still_is_to_be_done(phone: Phone) -> None:  # 1
    coop = "0190a000-0000-7000-8000-0000000000c1"
    actions = [
        {"id": f"0190a000-0000-7000-8000-0000000000a{n}", "list": "actions", "label": label,
         "properties": {"coop": coop, "status": "todo", "due": "2026-12-15", "responsible": "members"}}
        for n, label in enumerate(("فتح حساب بنكي", "مسك دفتر المبيعات"))
    ]  # fmt: skip
    known = {"id": coop, "list": "cooperatives", "label": "تعاونية تيفاوين", "properties": {}}
    visit = instrument("visit", of_library=True) | {"entities": [known, *actions]}
    phone.page.evaluate("(what) => harness.install(what)", visit)
    draft = phone.start("visit", values={"grp_visit/coop_in": "cooperatives", "grp_visit/coop_cooperatives": coop})
    phone.page.locator(".fill-foot").wait_for()
    phone.page.evaluate("harness.router.navigate('#/today')")
    kept = "(id) => harness.phone.drafts.get(id).then((one) => Boolean(one.snapshot))"
    until(lambda: phone.page.evaluate(kept, draft), "it is kept")
    phone.page.evaluate("(id) => harness.summary(id)", draft)
    phone.page.locator(".fill-foot .go").click()
    said = phone.page.locator(".room-page .room-agreed li")
    expect(said).to_have_count(2)
    expect(said.first).to_contain_text("الأعضاء · في أجل أقصاه")
