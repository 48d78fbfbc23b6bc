"""Addresses of the phone's page. None needs a session: the shell holds nothing personal and no anti-forgery token."""

from __future__ import annotations

import json

from flask import Blueprint, Response, abort, current_app, redirect, request
from flask.typing import ResponseReturnValue

from app.core import packing
from app.core.languages import LANGUAGES
from app.core.web import SHORT_POLICY
from app.pwa import assets
from app.pwa.assets import Asset

bp = Blueprint("pwa", __name__)

FOR_EVER = "public, max-age=31536000, immutable"
ALWAYS_ASK = "no-cache"
A_DAY = "public, max-age=86400"

# Served instead of the worker when DAFTAR_FIELD_WORKER is off: it takes itself away and leaves every stored answer alone.
NO_WORKER = """\
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(remove()));
async function remove() {
  for (const name of await caches.keys()) if (name.startsWith("shell-")) await caches.delete(name);
  await self.registration.unregister();
}
"""


def _answer(asset: Asset, cache: str) -> Response:
    response = Response(asset.body, content_type=asset.type)
    response.headers["Cache-Control"] = cache
    response.set_etag(asset.hash)
    packing.answered(response, asset.packed)
    response.make_conditional(request)
    return response


@bp.get("/field")
def field() -> ResponseReturnValue:
    return redirect("/field/", 308)


@bp.get("/field/")
def shell() -> ResponseReturnValue:
    current = assets.current()
    response = _answer(current.files["/field/"], ALWAYS_ASK)
    # The script asks for its texts as soon as it runs: they come beside it, to a browser that opens the page. To the worker,
    # which keeps the answer, it would say so at every start.
    if request.headers.get("Sec-Fetch-Dest") == "document":
        response.headers["Link"] = f"<{current.texts(_spoken())}>; rel=preload; as=script"
    return response


def _spoken() -> str:
    """The language in which a new phone begins, as static/js/core/i18n.js has it."""
    asked = (code[:2] for code in request.accept_languages.values())
    return next((code for code in asked if code in LANGUAGES), "ar")


@bp.get("/field/<any(app, more, grid, later, codes, ar, fr):name>.<version>.<any(js, css):kind>")
def file(name: str, version: str, kind: str) -> ResponseReturnValue:
    # Another version's file must not come under this version's name: a shell is of one piece.
    asset = assets.current().files.get(request.path) or abort(404)
    response = _answer(asset, FOR_EVER)
    # Scripts of a page run under the page's policy; workers, under that of their own, are not among these.
    response.headers["Content-Security-Policy"] = SHORT_POLICY
    return response


@bp.get(assets.ICON)
def icon() -> ResponseReturnValue:
    return _answer(assets.current().files[assets.ICON], A_DAY)


@bp.get("/sw.js")
def worker() -> ResponseReturnValue:
    if not current_app.config["FIELD_WORKER"]:
        return _answer(Asset(NO_WORKER.encode(), "text/javascript; charset=utf-8"), "no-store")
    return _answer(assets.current().worker, "no-store")


@bp.get("/field/drain.js")
def drain() -> ResponseReturnValue:
    """The worker that delivers while no page is open (static/js/sync/drain.js); the same switch takes it away."""
    if not current_app.config["FIELD_WORKER"]:
        return _answer(Asset(NO_WORKER.encode(), "text/javascript; charset=utf-8"), "no-store")
    return _answer(assets.current().drain, "no-store")


@bp.get("/field/manifest.webmanifest")
def manifest() -> ResponseReturnValue:
    icons = [
        {"src": assets.ICON, "type": "image/png", "sizes": "192x192"},
        {"src": "/static/img/icon-512.png", "type": "image/png", "sizes": "512x512"},
        {"src": "/static/img/maskable-192.png", "type": "image/png", "sizes": "192x192", "purpose": "maskable"},
        {"src": "/static/img/maskable-512.png", "type": "image/png", "sizes": "512x512", "purpose": "maskable"},
    ]
    shortcut_icon = [{"src": "/static/img/icon-192.png", "type": "image/png", "sizes": "192x192"}]
    text = json.dumps(
        {
            "id": "/field/",
            "name": "دفتر",
            "short_name": "دفتر",
            "description": "جمع المعطيات الميدانية دون أنترنت · Collecte de données de terrain, même sans Internet",
            "lang": "ar",
            "dir": "rtl",
            "start_url": "/field/",
            "scope": "/field/",
            "display": "standalone",
            "background_color": "#fbf7ef",
            "theme_color": "#0d5c4a",
            "icons": icons,
            "shortcuts": [
                {"name": "التعاونيات", "url": "/field/#/registry", "icons": shortcut_icon},
                {"name": "الإرسال", "url": "/field/#/outbox", "icons": shortcut_icon},
            ],
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return _answer(Asset(text.encode(), "application/manifest+json"), ALWAYS_ASK)
