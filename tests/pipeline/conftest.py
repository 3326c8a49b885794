"""A benchmark repository of the tests' own: a copy of this one, with git and DVC."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parents[2]


class Repository:
    """A folder with git and DVC, and commands run in it."""

    def __init__(self, root: Path):
        self.root = root
        bin_folder = str(Path(sys.executable).parent)
        self.environment = {
            **os.environ,
            "PYTHONUNBUFFERED": "",  # as users have it: what is not flushed is lost
            "PATH": os.pathsep.join([bin_folder, os.environ["PATH"]]),
            "PYTHONPATH": str(root),
            "GIT_AUTHOR_NAME": "t",
            "GIT_AUTHOR_EMAIL": "t@example.com",
            "GIT_COMMITTER_NAME": "t",
            "GIT_COMMITTER_EMAIL": "t@example.com",
        }

    def run(self, *words, check=True, **environment):
        done = subprocess.run(
            [str(word) for word in words],
            cwd=self.root,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"{words} failed:\n{done.stdout}\n{done.stderr}")
        return done

    def dvc(self, *words, **options):
        return self.run("dvc", *words, **options)

    def git(self, *words, **options):
        return self.run("git", *words, **options)

    def commit(self, message):
        self.git("add", "-A")
        self.git("commit", "-qm", message)
        return self.git("rev-parse", "HEAD").stdout.strip()

    def files(self, *folders):
        """The bytes of all files in folders, by path."""
        return {
            str(path.relative_to(self.root)): path.read_bytes()
            for folder in folders
            for path in sorted((self.root / folder).rglob("*"))
            if path.is_file() and ".maskbench" not in path.parts and "sample" not in path.parts
        }

    def outputs(self):
        """The bytes of everything that stages write."""
        return self.files("data", "metrics", "plots")

    def edit_params(self, old, new):
        path = self.root / "params.yaml"
        text = path.read_text()
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times"
        path.write_text(text.replace(old, new))


def copy_tree(target: Path):
    """Copy the files that git knows, or would know, to a new folder."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=HERE,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (HERE / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(HERE / name, target / name)


@pytest.fixture(scope="session")
def built_once(tmp_path_factory):
    """This repository, copied, committed and built on the sample once; copied by `repository`."""
    made = Repository(tmp_path_factory.mktemp("built") / "repo")
    made.root.mkdir()
    copy_tree(made.root)
    made.git("init", "-q", "-b", "main")
    made.commit("as committed")
    made.dvc("repro")
    return made


@pytest.fixture
def repository(built_once, tmp_path):
    """A built repository that the test may change."""
    root = tmp_path / "repo"
    shutil.copytree(built_once.root, root, symlinks=True)
    return Repository(root)
