"""What guessing a PIN on a copy of a phone costs (AS-08): said as a cost, never as a safety.

The rate of a graphics card is published, not measured here: 10,000 guesses a second at 600,000 rounds of PBKDF2-SHA-256
(tobtu.com/minimum-password-settings). What a phone's rounds take is measured by `python -m benchmarks.sealing`.
"""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.sealing import GPU_ROUNDS_A_SECOND, GUESSES

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "encryption.md").read_text("utf-8")


def figure(pattern: str, text: str) -> int:
    found = re.search(pattern, text)
    assert found, pattern
    return int(re.sub(r"\D", "", found[1]))


def test_the_page_says_what_all_pins_cost_on_one_graphics_card_and_promises_nothing():  # AS-08
    least = figure(r"const LEAST_ROUNDS = ([\d_]+);", (ROOT / "static/js/keys/enrol.js").read_text("utf-8"))
    chosen = figure(r"\| rounds of PBKDF2-SHA-256 chosen here \| ([\d,]+) \|", PAGE)
    row = next(line for line in PAGE.splitlines() if "one graphics card" in line and line.startswith("|"))
    assert GUESSES == 10**6
    assert GPU_ROUNDS_A_SECOND == 600_000 * 10_000
    assert abs(figure(r"\| (\d+) s;", row) - GUESSES * chosen / GPU_ROUNDS_A_SECOND) < 5
    assert figure(r"slowest phones, (\d+) s", row) == round(GUESSES * least / GPU_ROUNDS_A_SECOND) == 17
    assert row.endswith("| none |")
    assert "**A PIN does not protect a stolen phone.**" in PAGE
