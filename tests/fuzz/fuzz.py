"""Gives damaged XLSForms and packages to what reads them on the server and says what became of them.

    make fuzz                    10,000 mutants, seed 1
    make fuzz COUNT=500 SEED=7

A form must give a package or findings whose words can be shown in both languages; a package and answers a result or a named
problem. Nothing may raise, take longer than 2 s of CPU, or bring the process above 256 MB. Each worker reads forms in its own
process, without the process and limits that protect the server; one form in fifty also goes the way uploads go.
"""

from __future__ import annotations

import argparse
import collections
import multiprocessing
import re
import signal
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask_babel import force_locale

from app.core.problems import Problem
from app.engine import host
from app.instruments import convert
from app.instruments.compiler import Compiled, compile_answer, compile_instrument, library_lists
from tests.engine.cases import NOW, OFFSET
from tests.fuzz import mutants

MOST_CPU_S = 2.0
MOST_MB = 256
ALARM_S = 30  # by the clock: an endless loop must not stop the run


@dataclass
class Outcome:
    """What became of one mutant. fault: "" when all is well."""

    seed: int
    kind: str
    result: str  # "published" | "refused" | "computed" | "problem"
    cpu_s: float
    fault: str


def _too_long(*_: Any) -> None:
    raise TimeoutError("by the clock")


def say(compiled: Compiled, app: Any) -> None:
    """Every finding in both languages, as the page and the command line do."""
    for language in ("ar", "fr"):
        with app.test_request_context(), force_locale(language):
            for finding in [*compiled.errors, *compiled.warnings]:
                if not finding.message.strip():
                    raise AssertionError(f"{finding.code} says nothing")
                str(finding.mend)


def judge(seed: int, app: Any) -> Outcome:
    one = mutants.mutant(seed)
    started = time.process_time()
    result, fault = "", ""
    signal.alarm(ALARM_S)
    try:
        if one.kind == "form":
            if seed % 50 == 0:
                compiled = compile_instrument(one.filename, one.content, library_lists())
            else:
                answer = convert.answer(one.filename, one.content, convert.MAX_BYTES)
                compiled = compile_answer(answer, library_lists())
            result = "refused" if compiled.errors else "published"
            if not compiled.errors and not compiled.package:
                fault = "neither a package nor an error"
            say(compiled, app)
            if compiled.package:
                # What is published must also open.
                host.recompute(compiled.package, {}, now=NOW, offset_minutes=OFFSET)
        else:
            try:
                host.recompute(one.package, one.answers, now=NOW, offset_minutes=OFFSET)
                result = "computed"
            except Problem as problem:
                result = f"problem {problem.kind.code}"
    except Exception:
        fault = traceback.format_exc(limit=-6)
    finally:
        signal.alarm(0)
    cpu = time.process_time() - started
    if not fault and cpu > MOST_CPU_S:
        fault = f"took {cpu:.1f} s"
    return Outcome(seed, one.kind, result, cpu, fault)


def make_app() -> Any:
    from app import create_app

    return create_app({"TESTING": True, "SECRET_KEY": "x", "SQLALCHEMY_DATABASE_URI": "sqlite://"})


def highest_mb() -> int:
    """The most this process ever held. getrusage() would count what its starter held before it."""
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text("ascii"))[1]) // 1024  # type: ignore[index]


def work(seeds: list[int], out: Any) -> None:
    app = make_app()
    signal.signal(signal.SIGALRM, _too_long)
    before = 0
    for seed in seeds:
        outcome = judge(seed, app)
        peak = highest_mb()
        if peak > MOST_MB >= before and not outcome.fault:
            outcome.fault = f"brought the process to {peak} MB"
        before = peak
        out.put((outcome, peak))
    out.put(None)


def run(count: int, seed: int, workers: int = 2) -> tuple[list[Outcome], int]:
    """The outcomes, and the highest memory of a worker in MB. A worker that dies is an outcome too."""
    seeds = list(range(seed * 1_000_000, seed * 1_000_000 + count))
    context = multiprocessing.get_context("spawn")
    out = context.Queue()
    shares = [seeds[i::workers] for i in range(workers)]
    processes = [context.Process(target=work, args=(share, out)) for share in shares]
    for process in processes:
        process.start()
    outcomes: list[Outcome] = []
    peak, ended = 0, 0
    while ended < workers:
        try:
            got = out.get(timeout=ALARM_S * 2)
        except Exception:
            dead = [process for process in processes if process.exitcode]
            done = {one.seed for one in outcomes}
            for process in dead:
                share = shares[processes.index(process)]
                lost = next(one for one in share if one not in done)
                outcomes.append(Outcome(lost, "?", "", 0, f"the process ended: {process.exitcode}"))
            break
        if got is None:
            ended += 1
            continue
        outcomes.append(got[0])
        peak = max(peak, got[1])
        if len(outcomes) % 1000 == 0:
            print(f"{len(outcomes)}…", file=sys.stderr, flush=True)
    for process in processes:
        process.join(10)
    return outcomes, peak


def report(outcomes: list[Outcome], peak: int) -> str:
    results = collections.Counter(f"{one.kind} {one.result}" for one in outcomes)
    slow = max((one.cpu_s for one in outcomes), default=0)
    lines = [f"{count:6}  {name}" for name, count in sorted(results.items())]
    faults = [one for one in outcomes if one.fault]
    lines.append(f"{len(outcomes)} mutants, slowest {slow:.2f} s of CPU, highest memory {peak} MB, {len(faults)} faults")
    kinds: dict[str, list[Outcome]] = {}
    for one in faults:
        kinds.setdefault(one.fault.strip().splitlines()[-1][:160], []).append(one)
    for name, some in sorted(kinds.items(), key=lambda item: -len(item[1])):
        lines += ["", f"{len(some)} × {name}: {[one.seed for one in some[:8]]}", some[0].fault]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="one mutant by its number, written to --save")
    parser.add_argument("--save", type=Path)
    given = parser.parse_args()
    if given.only is not None:
        one = mutants.mutant(given.only)
        if given.save:
            given.save.write_bytes(one.content)
        signal.signal(signal.SIGALRM, _too_long)
        print(one.source, one.filename, judge(given.only, make_app()))
        return 0
    outcomes, peak = run(given.count, given.seed)
    print(report(outcomes, peak))
    return 1 if any(one.fault for one in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
