"""Measure what a command takes, and put figures into documents.

It imports little: a child's peak of memory begins with its parent's.
"""

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MB = 1e6


@dataclass(frozen=True)
class Cost:
    """Time and memory of one command.

    Attributes:
        wall: Seconds on the clock.
        cpu: Seconds of processor time, user and system.
        peak: Most resident memory, bytes.
    """

    wall: float
    cpu: float
    peak: float


def measured(words: Sequence[str], folder: Path) -> Cost:
    """Run a command; return what it took."""
    began = time.monotonic()
    path = folder.parent / f"{folder.name}.log"
    with path.open("ab") as log:
        process = subprocess.Popen(words, cwd=folder, stdout=log, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(words)} failed; see {path}")
    cpu = usage.ru_utime + usage.ru_stime
    return Cost(time.monotonic() - began, cpu, 1024.0 * usage.ru_maxrss)


def put(document: Path, mark: str, text: str) -> None:
    """Put a command's figures between its marks in a document."""
    begin, end = f"<!-- figures: {mark} -->", "<!-- end of figures -->"
    head, found, rest = document.read_text(encoding="utf-8").partition(begin)
    assert found, f"{document} has no place for the figures of {mark}"
    _, _, tail = rest.partition(end)
    document.write_text(f"{head}{begin}\n{text}\n{end}{tail}", encoding="utf-8")
