"""Look for known vulnerabilities in what the lock files pin: ask PyPI, else osv.dev (pip-audit).

  python scripts/audit.py

Exit status 1 if there are. A database that cannot be reached, or that knows nothing (a mirror of
PyPI answers so), is told from one that has nothing to say: it is asked for a release that is known
to be vulnerable first. Without one: a clear line, and exit status 0, since nobody can help it.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

LOCKS = (
    *(Path("requirements") / f"{name}.lock" for name in ("core", "dev", "training")),
    *sorted(Path("maskbench/init/template").glob("dvc-*.lock")),
)
CONTROL = "requests==2.19.0"
"""A release that sends passwords on to where it is redirected (CVE-2018-18074)."""

_PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)==([^\s;\\+]+)", re.MULTILINE)


def pins(locks: tuple[Path, ...] = LOCKS) -> list[str]:
    """Return every pinned release once; builds of a release (``+cpu``) have its vulnerabilities."""
    found = (pin for lock in locks for pin in _PIN.findall(lock.read_text("utf-8")))
    return sorted({f"{re.sub('[-_.]+', '-', name).lower()}=={version}" for name, version in found})


def ask(requirements: list[str], service: list[str]) -> dict[str, list[str]] | None:
    """Return known vulnerabilities by release; None: the database did not answer."""
    with tempfile.TemporaryDirectory() as folder:
        file, answer = Path(folder) / "requirements.txt", Path(folder) / "answer.json"
        file.write_text("\n".join(requirements) + "\n", encoding="utf-8")
        words: list[str | Path] = [
            "--requirement", file, "--no-deps", "--disable-pip", "--format", "json",
            "--output", answer, "--progress-spinner", "off", *service,
        ]  # fmt: skip
        subprocess.run(
            [sys.executable, "-m", "pip_audit", *words], capture_output=True, check=False
        )
        if not answer.is_file():
            return None
        found: list[dict[str, Any]] = json.loads(answer.read_bytes())["dependencies"]
    return {f"{e['name']}=={e['version']}": _named(e["vulns"]) for e in found if "vulns" in e}


def _named(vulnerabilities: list[dict[str, Any]]) -> list[str]:
    return [
        f"{v['id']} (mended in {', '.join(v['fix_versions']) or 'no release'})"
        for v in vulnerabilities
    ]


def answering(services: list[list[str]]) -> list[str] | None:
    """Return the first database that knows of the control's vulnerability."""
    return next((s for s in services if any((ask([CONTROL], s) or {}).values())), None)


def main() -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--osv-url", help="ask this copy of osv.dev's database only")
    args = parser.parse_args()
    services = [["-s", "pypi"], ["-s", "osv"]]
    if args.osv_url:
        services = [["-s", "osv", "--osv-url", args.osv_url]]
    service = answering(services)
    wanted = pins()
    known = ask(wanted, service) if service else None
    if known is None:
        print("audit: no database of vulnerabilities could be reached: NOT AUDITED")
        return 0
    bad = {release: told for release, told in known.items() if told}
    for release, told in bad.items():
        print(f"audit: {release}: {'; '.join(told)}")
    for release in sorted(set(wanted) - known.keys()):
        print(f"audit: {release} is not in the database")
    print(f"audit: {len(known)} of {len(wanted)} releases asked for, {len(bad)} vulnerable")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
