"""`python -m app.serve`: the product on this machine. Brings the database up to date, then serves until it is told to stop."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import sys
from pathlib import Path
from typing import Any

from flask import Flask

ROOT = Path(__file__).resolve().parent.parent
# A photo over a bad connection may take minutes; a stopping server lets what is on its way finish.
GRACE_S = 30


def prepare(app: Flask, workers: int) -> None:
    """Check the store, bring its tables up to date, and load the demonstration where it is on and nothing is there yet."""
    import flask_migrate

    from app.core import epoch, stores

    Path(app.config["INSTANCE"]).mkdir(parents=True, exist_ok=True)
    Path(app.config["ATTACHMENTS"]).mkdir(parents=True, exist_ok=True)
    stores.check(app, workers)
    print("Bringing the database up to date…", flush=True)
    with app.app_context():
        flask_migrate.upgrade(str(ROOT / "migrations"))
        epoch.ensure(app)
    if app.config["DEMO"]:
        from app.demo import load_if_empty

        print("Loading the demonstration, if nothing is there yet…", flush=True)
        load_if_empty(app)
    _shorten_scripts(app)


def _shorten_scripts(app: Flask) -> None:
    """Make the phone's script before the workers fork: each would make it again at its first visitor."""
    from app.pwa import assets

    with app.test_request_context():
        assets.current()


def announce(app: Flask) -> None:
    """Addresses, and who can sign in to a demonstration."""
    host = "localhost" if app.config["HOST"] in ("127.0.0.1", "0.0.0.0") else app.config["HOST"]  # noqa: S104
    address = f"http://{host}:{app.config['PORT']}"
    print(f"\nDaftar  دفتر\n  office  {address}/\n  phone   {address}/field/", flush=True)
    if app.config["DEMO"]:
        from app.demo import accounts

        with app.app_context():
            for account, password in accounts():
                print(f"  {account.username:12} {password:14} {account.role}, {account.fr}")
    print("  stop with Ctrl+C\n", flush=True)


def serve(app: Flask, workers: int) -> None:
    from gunicorn.app.base import BaseApplication

    class Server(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            settings: dict[str, Any] = {
                "bind": f"{app.config['HOST']}:{app.config['PORT']}",
                "workers": workers,
                "worker_class": "gthread",
                "threads": app.config["THREADS"],
                "keepalive": 75,
                "graceful_timeout": GRACE_S,
                # Threads answer while one of them takes a slow upload; the worker itself is never silent this long.
                "timeout": 120,
                "preload_app": True,
                "loglevel": "warning",
                "control_socket_disable": True,
            }
            for name, value in settings.items():
                if name in self.cfg.settings:
                    self.cfg.set(name, value)

        def load(self) -> Flask:
            return app

    _start_checks(app)
    Server().run()


def _start_checks(app: Flask) -> None:
    """Computing submissions again has a process of its own, which ends with this one (app/submissions/checks.py)."""
    from app.submissions import checks

    own = os.getpid()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            checks.work(app)
            status = 0
        finally:
            os._exit(status)

    def stop() -> None:
        if os.getpid() == own:  # workers inherit the handler, not the duty
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGTERM)

    atexit.register(stop)


def main() -> None:
    from app import create_app
    from app.core.db import db
    from app.core.stores import UnsafeStore

    app = create_app()
    # Deliveries share commits within a process: more processes than half the cores only split them.
    is_sqlite = app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite")
    workers = int(app.config["WORKERS"]) or (1 if is_sqlite else max(1, (os.cpu_count() or 2) // 2))
    try:
        prepare(app, workers)
    except UnsafeStore as unsafe:
        sys.exit(str(unsafe))
    announce(app)
    with app.app_context():
        db.engine.dispose()
    serve(app, workers)


if __name__ == "__main__":
    main()
