"""`python -m app.serve`: the product on this machine. Brings the database up to date, then serves until it is told to stop."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import sys
import threading
import time
from pathlib import Path

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
    stores.check(app, workers + 1)  # the process that computes submissions again writes too
    print("Bringing the database up to date…", flush=True)
    with app.app_context():
        flask_migrate.upgrade(str(ROOT / "migrations"))
        epoch.ensure(app)
        _try_keys_again(app)
    if app.config["DEMO"]:
        from app.demo import load_if_empty

        print("Loading the demonstration, if nothing is there yet…", flush=True)
        load_if_empty(app)
    _shorten_scripts(app)


def _try_keys_again(app: Flask) -> None:
    """A restored server may have keys again that it had not when forms came."""
    from app.core.clock import utcnow
    from app.sync import reopening

    made = reopening.try_everything(app, now=utcnow())
    if made.filed or made.aside or made.files:
        print(reopening.in_words(made), flush=True)


def _shorten_scripts(app: Flask) -> None:
    """Make the phone's script before the workers fork: each would make it again at its first visitor."""
    from app.pwa import assets

    with app.test_request_context():
        assets.current().pack()


def announce(app: Flask) -> None:
    """Addresses, and who can sign in to a demonstration."""
    host = "localhost" if app.config["HOST"] in ("127.0.0.1", "0.0.0.0") else app.config["HOST"]  # noqa: S104
    address = f"http://{host}:{app.config['PORT']}"
    print(f"\nDaftar  دفتر\n  office  {address}/\n  phone   {address}/field/", flush=True)
    with app.app_context():
        for line in _who_can_sign_in(app):
            print(f"  {line}")
    print("  stop with Ctrl+C\n", flush=True)


def _who_can_sign_in(app: Flask) -> list[str]:
    """The accounts of the demonstration where it is on; elsewhere what keeps somebody from signing in."""
    import sqlalchemy as sa

    from app.accounts.models import Person
    from app.core.db import db
    from app.demo import accounts

    if app.config["DEMO"]:
        return [f"{account.username:12} {password:14} {account.role}, {account.name['fr']}" for account, password in accounts()]
    count = sa.select(sa.func.count()).select_from(Person)
    demo, real = (db.session.scalar(count.where(Person.is_demo.is_(which))) for which in (True, False))
    lines = []
    if demo:
        lines.append(f"{demo} demonstration accounts cannot sign in: DAFTAR_DEMO is off")
        lines.append("(to remove them and what they sent: .venv/bin/flask --app app demo unload)")
    if not real:
        lines.append("nobody has an account yet: .venv/bin/flask --app app people create-administrator NAME")
    return lines


def serve(app: Flask, workers: int) -> None:
    """Serve until SIGTERM or SIGINT; what is on its way may finish."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    _start_checks(app)
    server = Granian(
        "app.serve",
        address=app.config["HOST"],
        port=app.config["PORT"],
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=app.config["THREADS"],
        # A worker that died is replaced; the database is whole (docs/decisions/0002-stores.md). One that dies again within
        # seconds ends the server, for whoever runs it to start it again.
        respawn_failed_workers=True,
        workers_kill_timeout=GRACE_S,
        log_level=LogLevels.error,
    )
    _prepared.append(app)
    server.serve(target_loader=_application, wrap_loader=False)


_prepared: list[Flask] = []  # inherited by a worker that was forked; one that was spawned (Python 3.14) makes its own


def _application() -> Flask:
    """Called in each worker. It ends with the server that started it, also when that one was killed."""
    from app import create_app
    from app.hooks import sending

    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    app = _prepared[0] if _prepared else create_app()
    # Here and not in a process of its own: a worker that dies is replaced, and what it was telling is told again.
    threading.Thread(target=sending.run, args=(app, threading.Event()), daemon=True).start()
    return app


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


def _start_checks(app: Flask) -> None:
    """Computing submissions again has a process of its own, which ends with this one (app/submissions/checks.py); it also keeps
    indicators in step with what no page has asked for yet, files what copies of rescue files still hold, and each night erases
    again what came back of erased persons."""
    from app.core.clock import utcnow
    from app.indicators import keeping
    from app.personal import later
    from app.rescue import operations as rescue
    from app.submissions import checks

    def also() -> None:
        keeping.catch_up_all()
        rescue.settle_now_and_then(app, now=utcnow())
        later.forget_refused(now=utcnow())
        later.again_each_night(now=utcnow())

    own = os.getpid()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            checks.work(app, also=also)
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
