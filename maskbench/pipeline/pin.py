"""Read the version of maskbench that builds a team's repository: the pin in ``maskbench.txt``.

The stages depend on that file instead of on code, so that moving the line makes them run again.
This project's own repository has no pin: its stages depend on the code beside them.
"""

import json
import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, NamedTuple

import maskbench
from maskbench.errors import MaskbenchError

PIN = "maskbench.txt"

_VERSION = re.compile(r"#\s*v?(\d[\w.+]*)\s*$|/maskbench-(\d[\w.+]*)-|==(\d[\w.+]*)")
_COMMIT = re.compile(r"\bgit\+\S+@([0-9a-f]{40})\b")
_SHA256 = re.compile(r"sha256[:=]([0-9a-f]{64})\b")


class Pin(NamedTuple):
    """A release or build of maskbench; fields that are not known are None.

    Attributes:
        version: Its version.
        commit: The commit it was installed from.
        sha256: Digest of the wheel it was installed from.
    """

    version: str | None = None
    commit: str | None = None
    sha256: str | None = None

    def __str__(self) -> str:
        commit = self.commit and self.commit[:7]
        if self.version and commit:
            return f"{self.version} ({commit})"
        return self.version or commit or "unknown"

    def differs(self, other: "Pin") -> bool:
        """Return whether two are known to differ."""
        return any(a != b for a, b in zip(self, other, strict=True) if a and b)


def parse_pin(text: str) -> Pin:
    """Read a pin from the text of ``maskbench.txt``: pip's line for maskbench.

    >>> str(parse_pin("maskbench==0.2.0"))
    '0.2.0'
    """
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    line = " ".join(lines)
    return Pin(*(_found(pattern, line) for pattern in (_VERSION, _COMMIT, _SHA256)))


def _found(pattern: re.Pattern[str], line: str) -> str | None:
    """Return the group that matched, of several of which one can; None if nothing matches."""
    match = pattern.search(line)
    return match[match.lastindex or 0] if match else None


def change(before: Pin, after: Pin) -> tuple[str, str]:
    """Return the names of two pins: their versions, with the commit only where versions agree."""
    if before.version and after.version and before.version != after.version:
        return before.version, after.version
    return str(before), str(after)


def installed() -> Pin:
    """Return the maskbench that runs here."""
    try:
        origin = json.loads(distribution("maskbench").read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        origin = {}
    return Pin(maskbench.__version__, _part(origin, "vcs_info", "commit_id"), _wheel(origin))


def _wheel(origin: dict[str, Any]) -> str | None:
    hashes = origin.get("archive_info", {}).get("hashes", {})
    return hashes.get("sha256") if isinstance(hashes, dict) else None


def _part(origin: dict[str, Any], section: str, name: str) -> str | None:
    value = origin.get(section, {}).get(name)
    return value if isinstance(value, str) else None


def check_pin(root: Path) -> None:
    """Check that the pinned maskbench is the one that runs.

    Args:
        root: The repository's folder.

    Raises:
        MaskbenchError: Another one runs; its masks would count as those of the pinned one.
    """
    file = root / PIN
    if not file.is_file():
        return
    pinned, here = parse_pin(file.read_text(encoding="utf-8")), installed()
    if not pinned.differs(here):
        return
    if pinned.commit and pinned.commit == here.commit:
        raise MaskbenchError(
            f"{PIN}: commit {pinned.commit[:7]} is maskbench {here.version}, not "
            f"{pinned.version}: end the line with `# {here.version}`"
        )
    raise MaskbenchError(
        f"{PIN} pins maskbench {pinned}, but {here} runs here: `make` installs what is pinned"
    )
