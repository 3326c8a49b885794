"""`scripts/audit.py` with pip-audit itself, against a database of the tests' own."""

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import audit
from tests.repositories import ROOT

CONTROL = audit.CONTROL.partition("==")[0]


class _Database(BaseHTTPRequestHandler):
    """Answers as osv.dev does; ``server.vulnerable`` are the packages it has something on."""

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = asked["package"]["name"]
        self.server.asked.append(f"{name}=={asked['version']}")
        told = {}
        if name in self.server.vulnerable and (name != CONTROL or asked["version"] == "2.19.0"):
            affected = {
                "package": {"name": name, "ecosystem": "PyPI"},
                "ranges": [{"type": "ECOSYSTEM", "events": [{"fixed": "99.1"}]}],
            }
            told = {"vulns": [{"id": f"GHSA-{name}", "summary": "x", "affected": [affected]}]}
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(told).encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def database():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Database)
    server.asked, server.vulnerable, server.status = [], {CONTROL}, 200
    server.url = f"http://127.0.0.1:{server.server_address[1]}/v1/query"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def run(url):
    return subprocess.run(
        [sys.executable, "scripts/audit.py", "--osv-url", url],
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
    url = database.url if way != "is not there" else "http://127.0.0.1:9/v1/query"
    done = run(url)
    assert done.returncode == 0
    assert done.stdout == ("audit: no database of vulnerabilities could be reached: NOT AUDITED\n")


def test_it_is_part_of_make_check():
    checked = (ROOT / "Makefile").read_text().split("\ncheck:")[1].split("\n\n")[0]
    assert "scripts/audit.py" in checked
