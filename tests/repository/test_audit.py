"""`scripts/audit.py` with pip-audit itself, against a database of the tests' own."""

import json
import subprocess
import sys

import pytest

import audit
from tests.harness.web import Web
from tests.repositories import ROOT

pytestmark = pytest.mark.slow

CONTROL = audit.CONTROL.partition("==")[0]


def told(request):
    """Answer as osv.dev does; ``server.vulnerable`` are the packages it has something on."""
    asked = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
    name, version, server = asked["package"]["name"], asked["version"], request.server
    server.asked.append(f"{name}=={version}")
    found = {}
    if name in server.vulnerable and (name != CONTROL or version == "2.19.0"):
        affected = {
            "package": {"name": name, "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"fixed": "99.1"}]}],
        }
        found = {"vulns": [{"id": f"GHSA-{name}", "summary": "x", "affected": [affected]}]}
    return server.status, {"Content-Type": "application/json"}, json.dumps(found).encode()


@pytest.fixture
def database():
    with Web(told) as web:
        web.asked, web.vulnerable, web.status = [], {CONTROL}, 200
        yield web


def run(url):
    return subprocess.run(
        [sys.executable, "scripts/audit.py", "--osv-url", f"{url}/v1/query"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_every_pinned_release_is_asked_for(database):
    done = run(database.url)
    assert done.returncode == 0, done.stdout + done.stderr
    wanted = audit.pins(tuple(ROOT / lock for lock in audit.LOCKS))
    assert len(wanted) > 150
    assert f"{len(wanted)} of {len(wanted)} releases asked for, 0 vulnerable" in done.stdout
    asked = {line.lower().replace("_", "-").replace(".", "-") for line in database.asked[1:]}
    assert asked == {pin.lower().replace("_", "-").replace(".", "-") for pin in wanted}


def test_a_vulnerable_release_fails_the_check(database):
    database.vulnerable |= {"numpy"}
    done = run(database.url)
    assert done.returncode == 1
    assert "audit: numpy==" in done.stdout
    assert "GHSA-numpy (mended in 99.1)" in done.stdout


@pytest.mark.parametrize("way", ["knows nothing", "fails", "is not there"])
def test_no_database_is_not_taken_for_a_clean_one(database, way):
    database.vulnerable = set()
    database.status = 500 if way == "fails" else 200
    url = database.url if way != "is not there" else "http://127.0.0.1:9"
    done = run(url)
    assert done.returncode == 0
    assert done.stdout == ("audit: no database of vulnerabilities could be reached: NOT AUDITED\n")


def test_it_is_part_of_make_check():
    checked = (ROOT / "Makefile").read_text().split("\ncheck:")[1].split("\n\n")[0]
    assert "scripts/audit.py" in checked
