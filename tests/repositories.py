"""Benchmark repositories of the tests' own: this repository's software on the tests' sample."""

import os
import shutil
import subprocess
import sys
from importlib.util import cache_from_source
from pathlib import Path

from filelock import FileLock

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "tests/sample"
"""A repository's inputs: ``params.yaml``, and an export with its images in ``data/sample``."""

RUN_VARIABLE = "MASKBENCH_TEST_RUN"
"""Names the folder that all processes of one test run share (tests/conftest.py)."""

OWN_DATA = ("params.yaml", "dvc.lock", "data", "metrics", "plots")
"""What the team that owns this repository changes: no test reads it (tests/conftest.py)."""

_DVC_CONFIG = """[core]
    analytics = false
    check_update = false
    remote = local
['remote "local"']
    url = ../.dvc-remote
"""


def python_path(*folders) -> str:
    """Return the PYTHONPATH of processes that tests start: Python looks in these folders first.

    They find no boto3, as users do not: importing it is a fifth of the start of a stage.
    """
    return os.pathsep.join(map(str, [*folders, ROOT / "tests/harness/users"]))


class Repository:
    """A folder with git and DVC, and commands run in it."""

    def __init__(self, root: Path):
        self.root = root
        bin_folder = str(Path(sys.executable).parent)
        self.environment = {
            **os.environ,
            "PYTHONUNBUFFERED": "",  # as users have it: what is not flushed is lost
            "PATH": os.pathsep.join([bin_folder, os.environ["PATH"]]),
            "PYTHONPATH": python_path(root),
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


def run(folder: Path, *words) -> str:
    """Run a command in a folder, with git and DVC as in a repository; return what it prints."""
    return Repository(folder).run(*words).stdout


def copy_software(target: Path):
    """Copy the files that git knows, or would know, without the team's data and the tests.

    Beside them goes what Python compiled of them, which saves each new repository half a second.
    """
    passed_over = [f":!{name}" for name in (*OWN_DATA, "tests")]
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z", "--", ".", *passed_over],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    names = [name for name in listed.stdout.split("\0") if name]
    compiled = [cache_from_source(name) for name in names if name.endswith(".py")]
    for name in (*names, *compiled):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    (target / ".dvc/config").write_text(_DVC_CONFIG)


def copy_tree(target: Path):
    """Copy the software, and the tests' sample as its data."""
    copy_software(target)
    shutil.copytree(SAMPLE, target, dirs_exist_ok=True)


def new_repository(root: Path) -> Repository:
    """Make a repository of the software and the tests' sample: not built, nothing committed."""
    root.mkdir(parents=True)
    copy_tree(root)
    made = Repository(root)
    made.git("init", "-q", "-b", "main")
    return made


def copy_repository(source: Path, target: Path) -> Repository:
    """Copy a built repository; the objects of git and of DVC's cache, never written to, are linked.

    What a test damages on purpose in DVC's cache it has to replace, not to write to.
    """
    objects = (source / ".git/objects", source / ".dvc/cache")

    def copy(old, new):
        if any(Path(old).is_relative_to(folder) for folder in objects):
            os.link(old, new)
        else:
            shutil.copy2(old, new)

    shutil.copytree(source, target, symlinks=True, copy_function=copy)
    return Repository(target)


def once(name, make):
    """Return the run's folder of that name, filled by ``make(folder)``.

    The first process of the run that asks makes it; those that ask meanwhile wait.
    """
    folder = Path(os.environ[RUN_VARIABLE]) / name
    ready = folder.with_name(f"{name}.ready")
    with FileLock(folder.with_name(f"{name}.lock")):
        if not ready.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            ready.touch()
    return folder
