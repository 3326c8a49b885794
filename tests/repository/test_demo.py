"""`make label-studio` as a newcomer uses it: follow what it prints, draw, refresh, see a change."""

import re
import socket
import subprocess
import sys
import threading

import pytest

from label_studio_api import Api
from tests.repositories import ROOT


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def printed(tmp_path):
    """What the demo prints until it is ready; it is ended afterwards."""
    words = [sys.executable, "scripts/demo.py", "--port", str(free_port())]
    words += ["--data-dir", str(tmp_path / "studio")]
    demo = subprocess.Popen(
        words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    guard = threading.Timer(400, demo.kill)
    guard.start()
    text = ""
    for line in demo.stdout:
        text += line
        if "Ctrl-C here ends the server" in line:
            break
    yield text
    guard.cancel()
    demo.terminate()  # not by SIGINT, which a shell's background jobs are born ignoring
    try:
        assert demo.wait(120) == 0
    finally:
        demo.kill()
        demo.stdout.close()


@pytest.mark.server
def test_follow_the_demo(repository, printed):
    server = re.search(r"^  server: (\S+)$", printed, re.MULTILINE)[1]
    project = re.search(r"^  project: (\d+)$", printed, re.MULTILINE)[1]
    key_line = re.search(r"^  (LABEL_STUDIO_API_KEY=\S+)$", printed, re.MULTILINE)[1]
    repository.edit_params("\n  server:\n", f"\n  server: {server}\n")
    repository.edit_params("\n  project:\n", f"\n  project: {project}\n")
    (repository.root / ".env").write_text(key_line + "\n")

    doctor = repository.run("maskbench", "doctor")
    assert "1.23.2" in doctor.stdout
    first = repository.run("maskbench", "refresh")
    assert "Traceback" not in first.stderr
    assert "up to date" in repository.dvc("repro").stdout
    assert repository.run("maskbench", "refresh", "--check").returncode == 0

    key = key_line.partition("=")[2]
    api = Api(server, key)
    task = next(entry for entry in api.tasks(int(project)) if "visitor" in entry["data"]["image"])
    whole = api.call("GET", f"/api/tasks/{task['id']}/")["annotations"][0]
    polygon = next(entry for entry in whole["result"] if entry["type"] == "polygonlabels")
    polygon["value"]["points"] = [[x * 0.8, y * 0.8] for x, y in polygon["value"]["points"]]
    api.call("PATCH", f"/api/annotations/{whole['id']}/", json={"result": whole["result"]})

    assert repository.run("maskbench", "refresh", "--check", check=False).returncode == 10
    told = repository.run("maskbench", "refresh").stdout
    assert "masks: 0 new, 1 changed, 0 removed" in told
    assert "_visitor" in told.rpartition("masks:")[2]
    written = repository.git("ls-files", "-mo").stdout.splitlines()  # ignored ones, too
    assert "params.yaml" in written
    for name in written:
        path = repository.root / name
        if path.is_file() and name != ".env":
            assert key.encode() not in path.read_bytes(), name
