"""Copies of everything that would be missed: the database and the attachments, verified, restored and drilled (I-20)."""

from __future__ import annotations

from flask import Flask

from app.backup.commands import backup, restore


def init_app(app: Flask) -> None:
    app.cli.add_command(backup)
    app.cli.add_command(restore)
