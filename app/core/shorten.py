"""Shortens scripts and style sheets with tdewolff-minify, in a process of its own.

The library brings the runtime of Go, which starts threads when it is loaded and does not survive a fork; the server forks its
workers. A worker that inherited it would wait for ever at its first script.
"""

from __future__ import annotations

import subprocess
import sys
from functools import lru_cache

_PROGRAM = """\
import sys, minify
minify.config({"js-keep-var-names": sys.argv[2] == "keep"})
try:
    short = minify.string(sys.argv[1], sys.stdin.buffer.read().decode())
except ValueError as error:
    sys.exit(str(error))
sys.stdout.buffer.write(short.encode())
"""


@lru_cache(maxsize=16)
def shortened(kind: str, text: str, names: str = "short") -> str:
    """`kind`: "text/javascript" or "text/css"; `names`: "short", or "keep" those of variables.

    Raises ValueError with the line and what is wrong there.
    """
    done = subprocess.run([sys.executable, "-c", _PROGRAM, kind, names], input=text.encode(), capture_output=True, timeout=60)
    if done.returncode:
        raise ValueError(done.stderr.decode("utf-8", "replace").strip())
    return done.stdout.decode()
