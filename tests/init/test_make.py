"""A new repository's own `make`: the environment that its locks pin, and what it builds."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from maskbench.init.files import CLIENTS
from tests.init.teams import exported, init

pytestmark = pytest.mark.slow

ALL_CLIENTS = "import adlfs, asyncssh, gcsfs, s3fs"


def run(folder, *words, **environment):
    """Run a command as in a terminal without an active environment."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GIT_", "MASKBENCH", "PYTHON", "VIRTUAL"))
    }
    folders = inherited["PATH"].split(os.pathsep)
    outside = [name for name in folders if Path(name) != Path(sys.executable).parent]
    environment = {"PATH": os.pathsep.join(outside), **environment}
    environment["PIP_NO_COMPILE"] = "0"  # how pip spells `--no-compile`: little of it is imported
    done = subprocess.run(
        [str(word) for word in words],
        cwd=folder, env={**inherited, **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{words}:\n{done.stdout}\n{done.stderr}"
    return done


def test_from_nothing_to_a_colleague_s_clone(tmp_path):
    """`make` fails if a lock misses a package or its hash: pip is told to refuse both."""
    exports, root, remote = tmp_path / "exports", tmp_path / "walls", tmp_path / "remote"
    init(root, "--folder", exported(exports), "--remote", remote)
    with (root / "extras.txt").open("a") as extras:
        extras.writelines(f"-r clients/{client}.lock\n" for client in CLIENTS.values())
    python = f"PYTHON={sys.executable}"
    assert "Running stage 'split'" in run(root, "make", python).stdout
    program = root / ".venv/bin/python"
    installed = run(
        root, program, "-c", f"{ALL_CLIENTS}; import maskbench; print(maskbench.__file__)"
    )
    assert installed.stdout.startswith(str(root / ".venv/lib"))
    run(root, program, "-m", "pip", "check")
    assert "OK" in run(root, "make", "test", python).stderr
    again = run(root, "make", python).stdout
    assert "-m pip" not in again
    assert "Running stage" not in again

    people = {f"GIT_{role}_{what}": f"{what}@x" for role in ("AUTHOR", "COMMITTER")
              for what in ("NAME", "EMAIL")}  # fmt: skip
    run(root, "git", "add", "--all")
    run(root, "git", "commit", "--quiet", "--message", "First version", **people)
    run(root, root / ".venv/bin/dvc", "push")
    clone = tmp_path / "clone"
    run(tmp_path, "git", "clone", "--quiet", root, clone)
    active = os.pathsep.join([str(root / ".venv/bin"), os.environ["PATH"]])
    built = run(clone, "make", "ENV=", PATH=active).stdout
    assert "Running stage" not in built
    assert "Data and pipelines are up to date." in built
    assert "OK" in run(clone, "make", "test", "ENV=", PATH=active).stderr
    assert run(clone, "git", "status", "--porcelain").stdout == ""
