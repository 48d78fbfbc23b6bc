"""Settings of one installation, read from the environment. docs/configuration.md explains each."""

import ipaddress
import os
import secrets
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def _flag(name: str, default: bool) -> bool:
    return os.environ.get(name, "1" if default else "0").strip().lower() in {"1", "true", "yes", "on"}


def _networks(text: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    """`10.20.0.0/16, 192.168.4.7`: networks, or single machines."""
    return tuple(ipaddress.ip_network(one.strip()) for one in text.split(",") if one.strip())


def _secret_key(instance: Path) -> str:
    """The key that signs cookies: given, or made once and kept beside the database."""
    given = os.environ.get("DAFTAR_SECRET_KEY")
    if given:
        return given
    kept = instance / "secret_key"
    if not kept.exists():
        instance.mkdir(parents=True, exist_ok=True)
        try:
            with open(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
                file.write(secrets.token_hex(32))
        except FileExistsError:  # another process was first
            pass
    return kept.read_text("ascii").strip()


def from_environment() -> dict[str, object]:
    """Flask's configuration."""
    instance = Path(os.environ.get("DAFTAR_INSTANCE", ROOT / "instance")).resolve()
    database = os.environ.get("DATABASE_URL") or f"sqlite:///{instance / 'daftar.db'}"
    for old in ("postgres://", "postgresql://"):
        if database.startswith(old):
            database = "postgresql+psycopg://" + database.removeprefix(old)
    return {
        "INSTANCE": instance,
        "SECRET_KEY": _secret_key(instance),
        "SQLALCHEMY_DATABASE_URI": database,
        "ATTACHMENTS": Path(os.environ.get("DAFTAR_ATTACHMENTS", instance / "attachments")),
        "DEMO": _flag("DAFTAR_DEMO", False),
        "TRUSTED_PROXIES": int(os.environ.get("DAFTAR_TRUSTED_PROXIES", "0")),
        "HTTPS": _flag("DAFTAR_HTTPS", False),
        "MAX_XLSFORM_BYTES": int(os.environ.get("DAFTAR_MAX_XLSFORM_BYTES", str(10 * 1024 * 1024))),
        "MAX_ATTACHMENT_BYTES": int(os.environ.get("DAFTAR_MAX_ATTACHMENT_BYTES", str(64 * 1024 * 1024))),
        "HOST": os.environ.get("DAFTAR_HOST", "127.0.0.1"),
        "PORT": int(os.environ.get("PORT", "8000")),
        "WORKERS": int(os.environ.get("DAFTAR_WORKERS", "0")),
        "THREADS": int(os.environ.get("DAFTAR_THREADS", "64")),
        "SESSION_DAYS": int(os.environ.get("DAFTAR_SESSION_DAYS", "30")),
        "LEAST_READING_PROTO": int(os.environ.get("DAFTAR_LEAST_READING_PROTO", "0")),
        "BACKUP_PASSPHRASE": os.environ.get("DAFTAR_BACKUP_PASSPHRASE", ""),
        "HOOKS_NETWORKS": _networks(os.environ.get("DAFTAR_HOOKS_NETWORKS", "")),
        "HOOKS_HTTP": _flag("DAFTAR_HOOKS_HTTP", False),
        "HOOKS_TIMEOUT_S": float(os.environ.get("DAFTAR_HOOKS_TIMEOUT_S", "15")),
        "HOOKS_DAYS": int(os.environ.get("DAFTAR_HOOKS_DAYS", "3")),
        # Off: /sw.js serves a worker that takes itself away (docs/decisions/0003-browser-code.md).
        "FIELD_WORKER": _flag("DAFTAR_FIELD_WORKER", True),
    }
