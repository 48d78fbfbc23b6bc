"""The office: the queue of submissions, one submission and its decisions, and the records they are about."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from app.review.record_map import bp as record_map
    from app.review.record_views import bp as records
    from app.review.shell import init_shell
    from app.review.sorting import bp as sorting
    from app.review.views import bp

    init_shell(app)
    app.register_blueprint(bp)
    app.register_blueprint(sorting)
    app.register_blueprint(records)
    app.register_blueprint(record_map)
