"""docs/configuration.md names every setting, with its default, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import config

ROOT = Path(__file__).resolve().parents[1]
ROWS = dict(re.findall(r"^\| `([A-Z_]+)` \| (.+?) \|", (ROOT / "docs" / "configuration.md").read_text("utf-8"), re.M))


def test_the_page_names_every_variable_that_is_read():
    read = set()
    for path in [ROOT / "config.py", *(ROOT / "app").rglob("*.py")]:
        text = path.read_text("utf-8")
        read |= set(re.findall(r"""(?:environ(?:\.get|\.setdefault)?[(\[]\s*|_flag\(\s*)["']([A-Z_]+)["']""", text))
    assert read == set(ROWS)


def test_only_config_reads_the_environment():
    wrong = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "app").rglob("*.py")
        if re.search(r"environ\.get|environ\[|getenv", path.read_text("utf-8"))
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("variable", "setting"),
    [
        ("PORT", "PORT"),
        ("DAFTAR_HOST", "HOST"),
        ("DAFTAR_WORKERS", "WORKERS"),
        ("DAFTAR_THREADS", "THREADS"),
        ("DAFTAR_TRUSTED_PROXIES", "TRUSTED_PROXIES"),
        ("DAFTAR_SESSION_DAYS", "SESSION_DAYS"),
        ("DAFTAR_HOOKS_TIMEOUT_S", "HOOKS_TIMEOUT_S"),
        ("DAFTAR_HOOKS_DAYS", "HOOKS_DAYS"),
        ("DAFTAR_MAX_XLSFORM_BYTES", "MAX_XLSFORM_BYTES"),
        ("DAFTAR_MAX_ATTACHMENT_BYTES", "MAX_ATTACHMENT_BYTES"),
    ],
)
def test_the_defaults_are_those_of_the_page(monkeypatch, tmp_path: Path, variable: str, setting: str):
    monkeypatch.setenv("DAFTAR_INSTANCE", str(tmp_path))
    monkeypatch.delenv(variable, raising=False)
    assert f"`{config.from_environment()[setting]}`" == ROWS[variable]


def test_the_instance_folder_replaces_every_place(monkeypatch, tmp_path: Path):
    for name in ROWS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DAFTAR_INSTANCE", str(tmp_path / "here"))
    settings = config.from_environment()
    assert settings["SQLALCHEMY_DATABASE_URI"] == f"sqlite:///{tmp_path}/here/daftar.db"
    assert settings["ATTACHMENTS"] == tmp_path / "here" / "attachments"
    assert settings["DEMO"] is False
    key = tmp_path / "here" / "secret_key"
    assert settings["SECRET_KEY"] == key.read_text()
    assert key.stat().st_mode & 0o077 == 0
    assert config.from_environment()["SECRET_KEY"] == settings["SECRET_KEY"]


def test_networks_are_named_one_by_one(monkeypatch, tmp_path: Path):
    monkeypatch.setenv("DAFTAR_INSTANCE", str(tmp_path))
    assert config.from_environment()["HOOKS_NETWORKS"] == ()
    assert config.from_environment()["HOOKS_HTTP"] is False
    monkeypatch.setenv("DAFTAR_HOOKS_NETWORKS", "10.20.0.0/16, 192.168.4.7,fd00::/8")
    monkeypatch.setenv("DAFTAR_HOOKS_HTTP", "on")
    assert [str(one) for one in config.from_environment()["HOOKS_NETWORKS"]] == ["10.20.0.0/16", "192.168.4.7/32", "fd00::/8"]
    assert config.from_environment()["HOOKS_HTTP"] is True


def test_common_forms_of_a_postgresql_address_are_understood(monkeypatch, tmp_path: Path):
    monkeypatch.setenv("DAFTAR_INSTANCE", str(tmp_path))
    for address in ("postgres://u@h/d", "postgresql://u@h/d", "postgresql+psycopg://u@h/d"):
        monkeypatch.setenv("DATABASE_URL", address)
        assert config.from_environment()["SQLALCHEMY_DATABASE_URI"] == "postgresql+psycopg://u@h/d"
