"""Runs static/js/engine inside the server, in QuickJS: phone and server compute the same because it is the same code.

A QuickJS context belongs to one thread; each thread that asks gets its own, made once, with a limit of memory, and drops it
when a limit was hit. The engine has no clock, no network and no files of its own.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import quickjs

from app.core.scripts import bundle
from app.engine.problems import FAILED, TOO_LARGE, TOO_LONG

ENTRY = Path(__file__).resolve().parents[2] / "static" / "js" / "engine" / "host.js"
MEMORY_BYTES = 128 * 1024 * 1024
STACK_BYTES = 1024 * 1024
SECONDS = 2  # of CPU, for one call

Rows = Sequence[Mapping[str, str]]
# Rows, or the JSON of rows or of {"columns": …, "rows": …}, or a function that gives either and is called only when needed.
Dataset = Rows | str | Callable[[], Rows | str]

_threads = threading.local()
_script: list[str] = []
_script_lock = threading.Lock()


def engine_script() -> str:
    """The engine as one script; its exports are properties of `Daftar`. Also what a browser loads to run the same cases."""
    with _script_lock:
        if not _script:
            _script.append(bundle(ENTRY, global_name="Daftar"))
        return _script[0]


class _Engine:
    """One QuickJS context with the engine loaded."""

    def __init__(self) -> None:
        self.context = quickjs.Context()
        self.context.set_memory_limit(MEMORY_BYTES)
        self.context.set_max_stack_size(STACK_BYTES)
        self.context.eval(engine_script())
        self.context.eval("const {handle, hold, holds} = Daftar;")
        self.call = self.context.eval("handle")
        self.hold = self.context.eval("hold")
        self.holds = self.context.eval("holds")

    def keep(self, key: str, content: Callable[[], str]) -> None:
        if not self.holds(key):
            self.hold(key, content())


def _engine() -> _Engine:
    engine = getattr(_threads, "engine", None)
    if engine is None:
        engine = _threads.engine = _Engine()
    return engine


def _run(work: Callable[[_Engine], str], seconds: float) -> Any:
    """The result of `work` on this thread's engine, within the limits."""
    for attempt in (1, 2):
        engine = _engine()
        engine.context.set_time_limit(seconds)
        try:
            return json.loads(work(engine))
        except quickjs.StackOverflow as error:
            del _threads.engine
            raise FAILED(reason=str(error)) from error
        except quickjs.JSException as error:
            reason = str(error)
            if not reason.startswith("InternalError") and reason not in ("null", ""):
                raise FAILED(reason=reason[:300]) from error
            # A limit was hit and whatever was under way is half done: the next call starts afresh.
            del _threads.engine
            if "interrupted" in reason:
                raise TOO_LONG() from error
            # Perhaps memory ran out only because of what was kept from earlier calls.
            if attempt == 2:
                raise TOO_LARGE() from error
    raise AssertionError("unreachable")


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _dataset_json(dataset: Dataset) -> str:
    content = dataset() if callable(dataset) else dataset
    return content if isinstance(content, str) else _json(content)


def _declared(package: dict[str, Any] | str) -> dict[str, str]:
    """The hashes by which a package names its lists."""
    datasets = (json.loads(package) if isinstance(package, str) else package).get("datasets")
    lists = datasets.items() if isinstance(datasets, dict) else ()
    found = {name: one.get("sha256") for name, one in lists if isinstance(one, dict)}
    return {name: sha256 for name, sha256 in found.items() if isinstance(sha256, str)}


def recompute(
    package: dict[str, Any] | str,
    answers: dict[str, Any],
    datasets: Mapping[str, Dataset] | None = None,
    *,
    now: int,
    offset_minutes: int,
    meta: Mapping[str, str] | None = None,
    language: str | None = None,
    package_sha256: str | None = None,
    seconds: float = SECONDS,
) -> dict[str, Any]:
    """Computes received answers again: {"differences", "problems", "scores", "title"} of docs/engine.md.

    package         the package or its JSON; `package_sha256` saves hashing it
    answers         as form.answers() gave them
    datasets        rows of the lists by name; lists of kind csv are kept between calls under the package's sha256
    now             ms since 1970 by the phone's clock when it finished
    offset_minutes  of the phone's zone, east of UTC

    Raises TOO_LONG, TOO_LARGE, FAILED; nothing of the answers is in their details.
    """
    text = package if isinstance(package, str) else _json(package)
    key = package_sha256 or _sha256(text)
    declared = _declared(package) if datasets else {}

    def work(engine: _Engine) -> str:
        engine.keep(key, lambda: text)
        keys = {}
        for name, dataset in (datasets or {}).items():
            known = declared.get(name)
            if known:
                keys[name] = known
                engine.keep(known, lambda dataset=dataset: _dataset_json(dataset))  # type: ignore[misc]
            else:
                content = _dataset_json(dataset)
                keys[name] = _sha256(content)
                engine.keep(keys[name], lambda content=content: content)  # type: ignore[misc]
        context = {"now": now, "offset": offset_minutes, "meta": dict(meta or {})} | ({"language": language} if language else {})
        request = {"op": "recompute", "package": key, "answers": answers, "datasets": keys, "context": context}
        return str(engine.call(_json(request)))

    return dict(_run(work, seconds))


def functions() -> dict[str, tuple[int, int | None]]:
    """The functions expressions may call: fewest and most arguments, None for any number."""
    listed = _run(lambda engine: str(engine.call(_json({"op": "functions"}))), SECONDS)
    return {"indexed-repeat": (3, 7)} | {name: (fewest, most) for name, fewest, most in listed}


def evaluate_cases(cases: list[dict[str, Any]], seconds: float = SECONDS) -> list[dict[str, Any]]:
    """The results of expression cases (static/js/engine/case.js)."""
    return list(_run(lambda engine: str(engine.call(_json({"op": "evaluate", "cases": cases}))), seconds))


def evaluate_case(case: dict[str, Any]) -> dict[str, Any]:
    """The result of one expression case."""
    return evaluate_cases([case])[0]


def run_cases(cases: list[dict[str, Any]], seconds: float = SECONDS) -> list[list[Any]]:
    """What the steps of form cases gave (static/js/engine/case.js)."""
    return list(_run(lambda engine: str(engine.call(_json({"op": "run", "cases": cases}))), seconds))
