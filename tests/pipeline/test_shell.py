"""The stages in a shell: progress, exit status, leftovers."""

import os
import struct
import subprocess
import sys

import pytest


def start(repository, stage, **options):
    words = [sys.executable, f"stages/{stage}.py"]
    environment = {**repository.environment, "MASKBENCH_WORKERS": "2"}
    return subprocess.Popen(words, cwd=repository.root, env=environment, **options)


def forget(repository):
    """Make the next run of a stage do all its work."""
    for last_run in (repository.root / "data/.maskbench").glob("*/last_run.jsonl"):
        last_run.unlink()


def test_a_terminal_shows_progress_and_a_summary(repository):
    fcntl, pty, termios = map(pytest.importorskip, ("fcntl", "pty", "termios"))
    forget(repository)
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    done = start(repository, "rasterize", stdout=theirs, stderr=theirs)
    assert done.wait(300) == 0
    os.close(theirs)
    shown = os.read(ours, 100_000).decode()
    assert "rasterize: " in shown
    assert "/24 [" in shown
    assert "22 of 24 tasks with an annotation that counts, 71 regions, 0 of them dropped" in shown


def test_elsewhere_only_the_summary(repository):
    forget(repository)
    done = start(repository, "rasterize", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = done.communicate(timeout=300)
    assert err == b""
    assert out.decode().count("\n") == 1
    assert out.startswith(b"rasterize: 22 of 24 tasks with an annotation that counts")


@pytest.mark.parametrize(
    ("stage", "break_it", "status", "message"),
    [
        ("combine", lambda text: text.replace("overlap: keep", "overlap: kep"), 2, "rasterize.ove"),
        ("fetch", lambda text: text.replace("data/sample", "data/none"), 3, "is not a folder"),
        (
            "split",
            lambda text: text.replace("group_by:", "group_by: rom"),
            4,
            "did you mean 'room'",
        ),
        ("fetch", lambda text: text + "fetch: {}\n", 2, "found the key 'fetch' twice"),
        ("fetch", lambda text: text + "\tx: [\n", 2, "params.yaml cannot be read: line "),
    ],
)
def test_exit_status_tells_the_kind_of_error(repository, stage, break_it, status, message):
    params = repository.root / "params.yaml"
    params.write_text(break_it(params.read_text()))
    before = repository.outputs()
    done = start(repository, stage, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    out, err = done.communicate(timeout=300)
    assert (done.returncode, out) == (status, "")
    assert err.startswith("error: ")
    assert message in err
    assert "Traceback" not in err
    assert repository.outputs() == before


def test_a_missing_params_file_is_an_error(repository):
    (repository.root / "params.yaml").unlink()
    done = start(repository, "split", stderr=subprocess.PIPE)
    assert b"params.yaml cannot be read" in done.communicate(timeout=300)[1]
    assert done.returncode == 2


def test_a_bad_number_of_workers_is_an_error(repository):
    forget(repository)
    done = repository.run(
        sys.executable, "stages/combine.py", check=False, MASKBENCH_WORKERS="many"
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: MASKBENCH_WORKERS is 'many'")


@pytest.mark.parametrize(
    "folder",
    ["data", "data/benchmark", "metrics", "plots", "data/.maskbench/digests", "data/.maskbench/x"],
)
def test_what_a_killed_write_has_left_goes_with_the_next_run(repository, folder):
    left = repository.root / folder / ".tmp-abc.json"
    left.parent.mkdir(parents=True, exist_ok=True)
    left.write_text("{")
    assert start(repository, "split", stdout=subprocess.DEVNULL).wait(300) == 0
    assert not left.exists()
