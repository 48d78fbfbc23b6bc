"""The home of a pack in Chromium, on the screen and on paper.

N1  on the Arabic page each number stands as it is written, in tiles, tables and sentences: 28 250 000,00 and 28,25
N2  each table that the governor's meeting has before it is one sheet of A4 landscape in either language, in type that is read at
    arm's length; nothing of it lies beyond the edge
"""

from __future__ import annotations

import re

import pytest
from flask import Flask
from playwright.sync_api import Playwright

from tests.e2e.device import ARGUMENTS, chromium_path
from tests.packs.test_five import SPACE, Home

# Each number as it is written, and its signs in the order in which they stand on the page, from the left.
NUMBERS = r"""() => {
  const found = [], texts = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode, home = node.parentElement;
    if (home.closest('svg, select, script') || !home.checkVisibility()) continue;
    for (const { 0: number, index } of node.data.matchAll(/\d[\d,\u202f]*\d/g)) {
      const signs = [...number].map((sign, n) => {
        const range = document.createRange();
        range.setStart(node, index + n);
        range.setEnd(node, index + n + 1);
        return [range.getBoundingClientRect().left, sign];
      });
      found.push([number, signs.sort((a, b) => a[0] - b[0]).map(([, sign]) => sign).join(''), Boolean(home.closest('#targets'))]);
    }
  }
  return found;
}"""


MEETING = ("portfolio", "financing", "late", "hosts", "commitments", "promises")
WIDTH = 1032  # pixels between the margins of A4 landscape
LEAST_PT = 7.5
# The smallest type of the panel in points, and how far its tables reach beyond the sheet.
PRINTED = r"""() => {
  const panel = document.querySelector('main .panel');
  const sizes = [...panel.querySelectorAll('td bdi, th bdi')].map((one) => parseFloat(getComputedStyle(one).fontSize) * 0.75);
  const room = document.documentElement.clientWidth;
  const beyond = [...panel.querySelectorAll('table')].map((one) => one.getBoundingClientRect().width - room);
  return [Math.min(...sizes), Math.max(...beyond)];
}"""


@pytest.mark.sqlite_only
@pytest.mark.browser
def test_the_agreement_is_read_in_its_order_and_printed_on_one_sheet(
    app: Flask, address: str, playwright: Playwright
) -> None:  # N1 N2
    home = Home(app, "taounate")
    token = home.client.get_cookie("session")
    assert token is not None
    browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
    try:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.add_cookies([{"name": "session", "value": token.value, "url": address}])
        page = context.new_page()
        page.goto(f"{address}/overview?programme={home.id}&lang=ar")
        seen = page.evaluate(NUMBERS)
        tiles = [number for number, _stands, in_tile in seen if in_tile]
        assert {f"28{SPACE}250{SPACE}000,00", "28,25", "700", "316"} <= set(tiles)
        assert len(seen) > len(tiles)
        assert [(number, stands) for number, stands, _in_tile in seen if number != stands] == []

        page.set_viewport_size({"width": WIDTH, "height": 700})
        page.emulate_media(media="print")
        for language in ("ar", "fr"):
            for panel in MEETING:
                page.goto(f"{address}/overview/{panel}?programme={home.id}&lang={language}")
                least, beyond = page.evaluate(PRINTED)
                assert (least >= LEAST_PT, beyond <= 0) == (True, True), (panel, language, least, beyond)
                sheets = re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))
                assert len(sheets) == 1, (panel, language)
    finally:
        browser.close()
