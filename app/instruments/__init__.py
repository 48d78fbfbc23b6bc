from __future__ import annotations

from flask import Flask

from app.instruments import models  # noqa: F401  (registers the tables)


def init_app(app: Flask) -> None:
    from app.instruments import trial  # noqa: F401  (its routes)
    from app.instruments.commands import instrument
    from app.instruments.views import allow_whole_file, bp

    app.register_blueprint(bp)
    app.before_request_funcs.setdefault(None, []).insert(0, allow_whole_file)
    app.cli.add_command(instrument)
