"""Numbers on the home of a pack, in Chromium.

N1  on the Arabic page each number stands as it is written, in tiles, tables and sentences: 28 250 000,00 and 28,25
"""

from __future__ import annotations

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


@pytest.mark.sqlite_only
@pytest.mark.browser
def test_digits_of_the_agreement_stand_in_their_order(app: Flask, address: str, playwright: Playwright) -> None:  # N1
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
    finally:
        browser.close()
