"""Scripts kept between starts (app/pwa/made.py): found again, and made again when anything they are made of changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.pwa import made


@pytest.fixture
def makes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[int]:
    monkeypatch.setattr(made, "FOLDER", tmp_path / "made")
    return []


def make(makes: list[int]) -> list[str]:
    makes.append(1)
    return ["let a=1;", "«أ»"]


def test_what_was_made_is_found_again_and_made_anew_of_anything_else(makes: list[int]):
    assert made.kept("app", "one", lambda: make(makes)) == ["let a=1;", "«أ»"]
    assert made.kept("app", "one", lambda: make(makes)) == ["let a=1;", "«أ»"]
    assert len(makes) == 1
    made.kept("app", "two", lambda: make(makes))
    made.kept("app", "one", lambda: make(makes))
    assert len(makes) == 3


@pytest.mark.parametrize("damage", [lambda one: one[:-3], lambda one: one[:20], lambda _one: b"", lambda one: one + b" "])
def test_a_damaged_file_is_made_again(makes: list[int], damage):
    made.kept("app", "one", lambda: make(makes))
    path = made.FOLDER / "app.json"
    path.write_bytes(damage(path.read_bytes()))
    assert made.kept("app", "one", lambda: make(makes)) == ["let a=1;", "«أ»"]
    assert len(makes) == 2


def test_where_nothing_may_be_written_it_is_made_each_time(makes: list[int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(made, "FOLDER", tmp_path / "file" / "made")
    made.kept("app", "one", lambda: make(makes))
    assert made.kept("app", "one", lambda: make(makes)) == ["let a=1;", "«أ»"]
    assert len(makes) == 2


def test_scripts_depend_on_what_files_hold_and_on_what_makes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(made, "ROOT", tmp_path)
    source, maker = tmp_path / "a.js", tmp_path / "requirements.txt"
    source.write_text("one")
    first = made.digest_of([source])
    source.write_text("two")
    second = made.digest_of([source])
    maker.write_text("minify==2")
    assert len({first, second, made.digest_of([source])}) == 3
