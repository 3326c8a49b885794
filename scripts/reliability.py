"""Write docs/reliability.md from docs/reliability.template.md and the harnesses' figures.

  python scripts/reliability.py --run                          runs them all first: hours
  python scripts/reliability.py --fuzz F.json --kills K.json --tests T.xml   what has run already

Several files of a kind are added up. A kind that is not given keeps its figures of last time, which
lie in docs/reliability.json. Exit status 1 if a harness found something.
"""

import argparse
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
FIGURES = ROOT / "docs/reliability.json"
TEMPLATE = ROOT / "docs/reliability.template.md"
DOCUMENT = ROOT / "docs/reliability.md"
WORK = ROOT / "build/reliability"

TESTED = (
    *(f"tests/trust/test_{name}.py" for name in ("bombs", "fuzz", "hostile", "markup", "secrets")),
    "tests/labelstudio/server/test_private_network.py",
    "tests/verification/test_verify.py",
)
"""Test modules whose cases are counted: payloads, addresses, planted breaches, searches."""

Figures = dict[str, Any]


def added(one: Any, other: Any) -> Any:
    """Return two harnesses' figures together: numbers and lists added, mappings by key."""
    if isinstance(one, dict):
        names = [*one, *(name for name in other if name not in one)]
        return {
            n: added(one[n], other[n]) if n in one and n in other else one.get(n, other.get(n))
            for n in names
        }
    return one + other


def _fuzz(files: Iterable[Path]) -> Figures:
    parts = [json.loads(file.read_bytes()) for file in files]
    total = parts[0]
    for part in parts[1:]:
        total = {**added(total, part), "slowest": max(total["slowest"], part["slowest"])}
    total["refused_in_all"] = sum(total["refused"].values())
    return {name: value for name, value in total.items() if name != "seed"}


def _kills(files: Iterable[Path]) -> Figures:
    parts = [json.loads(file.read_bytes()) for file in files]
    total = parts[0]
    for part in parts[1:]:
        total = added(total, part)
    total |= {"findings": len(total["findings"]), "stepped": sum(total["steps"].values())}
    total["moments"] = total["survived"] + total["findings"]  # a run can be cut short
    return {name: value for name, value in total.items() if name not in ("seed", "seconds")}


def _tests(files: Iterable[Path]) -> Figures:
    """Return the cases that passed, by module and by test function."""
    modules: Counter[str] = Counter()
    functions: Counter[str] = Counter()
    failed = 0
    for file in files:
        for case in ElementTree.parse(file).iter("testcase"):  # noqa: S314 - pytest's own report
            if len(case):
                failed += 1
                continue
            modules[case.attrib["classname"].rpartition(".test_")[2]] += 1
            functions[case.attrib["name"].partition("[")[0].removeprefix("test_")] += 1
    return {"modules": dict(modules), "functions": dict(functions), "findings": failed}


def _searched() -> Figures:
    """Return how many forms of a secret and of a person's name are searched for."""
    sys.path.insert(0, str(ROOT))
    secrets = import_module("tests.trust.test_secrets")
    people = import_module("tests.harness.people")
    return {"secret": len(secrets.forms(secrets.FAKE)), "people": len(people.FORMS)}


KINDS: dict[str, Callable[[Iterable[Path]], Figures]] = {
    "fuzz": _fuzz,
    "kills": _kills,
    "tests": _tests,
}


def run_all() -> dict[str, list[Path]]:
    """Run the harnesses at full length; return each one's file of figures."""
    WORK.mkdir(parents=True, exist_ok=True)
    found = {name: [WORK / f"{name}.{'xml' if name == 'tests' else 'json'}"] for name in KINDS}
    fuzz = ["-m", "tests.harness.fuzz", "--count", "50000", "--json", found["fuzz"][0]]
    kills = ["-m", "tests.harness.kills", "--count", "200", "--json", found["kills"][0]]
    tests = ["-m", "pytest", "-q", *TESTED, f"--junitxml={found['tests'][0]}"]
    for words in (tests, fuzz, kills):
        subprocess.run([sys.executable, *map(str, words)], cwd=ROOT, check=False)
    return found


def filled(template: str, figures: Figures) -> str:
    """Return the template with ``{{fuzz.tried}}`` and the like filled in."""

    def spelt(match: re.Match[str]) -> str:
        value: Any = figures
        for name in match[1].split("."):
            if not isinstance(value, dict) or name not in value:
                return "(not measured)"
            value = value[name]
        if isinstance(value, dict):
            most = sorted(value.items(), key=lambda entry: (-entry[1], entry[0]))
            return ", ".join(f"{name} {count:,}" for name, count in most) or "none"
        return f"{value:,}" if isinstance(value, int | float) else str(value)

    return re.sub(r"\{\{([\w.]+)\}\}", spelt, template)


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--run", action="store_true", help="run the harnesses first")
    for name in KINDS:
        parser.add_argument(f"--{name}", type=Path, nargs="+", help=f"what {name} wrote")
    args = parser.parse_args()
    given = run_all() if args.run else {name: getattr(args, name) for name in KINDS}
    figures = json.loads(FIGURES.read_bytes()) if FIGURES.is_file() else {}
    figures |= {name: KINDS[name](files) for name, files in given.items() if files}
    figures["searched"] = _searched()
    FIGURES.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    DOCUMENT.write_text(filled(TEMPLATE.read_text(encoding="utf-8"), figures), encoding="utf-8")
    findings = {name: figures[name]["findings"] for name in KINDS if name in figures}
    print(f"{DOCUMENT.relative_to(ROOT)}: findings {findings}")
    return 1 if any(findings.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
