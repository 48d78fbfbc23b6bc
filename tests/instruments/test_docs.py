"""docs/instruments.md lists what the code does: checks, functions, tokens."""

from __future__ import annotations

import re
from pathlib import Path

from app.instruments.findings import MESSAGES
from app.instruments.lint import FUNCTIONS, TOKENS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "instruments.md").read_text("utf-8")


def test_every_check_is_listed_and_no_other():
    section = PAGE.split("## What is checked")[1].split("\n## ")[0]
    assert re.findall(r"^\| `(\w+)`", section, re.MULTILINE) == list(MESSAGES)


def test_every_code_is_used():
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "app" / "instruments").glob("*.py"))
    used = set(re.findall(r'(?:error|warning|Unreadable)\(\s*f?"(\w+)"', sources)) | set(re.findall(r', "(\w+)", \(', sources))
    conditional = set(re.findall(r'"(file_\w+|too_heavy)"', sources)) | {
        code for code in MESSAGES if code.startswith("expression_")
    }
    assert set(MESSAGES) - used - conditional == set()


def test_functions_and_tokens_are_listed():
    functions = PAGE.split("- **Functions**:")[1].split("\n- **")[0]
    assert set(re.findall(r"`([\w:-]+)`", functions)) == set(FUNCTIONS)
    assert re.findall(r"^\| `\{\{(\w+)\}\}`", PAGE, re.MULTILINE) == list(TOKENS)


def test_the_engine_knows_the_functions_that_the_check_lets_pass():
    xpath = ROOT / "static" / "js" / "engine" / "xpath"
    source = (xpath / "functions.js").read_text("utf-8").split("export const FUNCTIONS")[1] + (xpath / "rare.js").read_text(
        "utf-8"
    )
    engine = {"indexed-repeat": (3, 7)}  # read by compile.js itself
    for name, fewest, most in re.findall(r'^  "?([\w:-]+)"?: (?:\[(\d+), (\d+|Infinity)|maths|formatted)', source, re.MULTILINE):
        engine[name] = (int(fewest or 1), 1 if not most else None if most == "Infinity" else int(most))
    engine["format-date"] = engine["format-date-time"] = (2, 2)
    for name, (fewest, most) in FUNCTIONS.items():
        assert name in engine, name
        least, limit = engine[name]
        assert fewest >= least, name
        assert limit is None or (most is not None and most <= limit), name
