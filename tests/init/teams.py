"""A team's own repository, made by `maskbench init`, for tests."""

import os
import subprocess
import sys
from pathlib import Path

from tests.exports import annotation, box, task, write_export
from tests.repositories import ROOT, Repository, python_path

PINNED = "maskbench==0.1.0"


class Team(Repository):
    """A repository in which the maskbench of this checkout runs, or another one."""

    def __init__(self, root, software: Path = ROOT):
        super().__init__(root)
        self.environment["PYTHONPATH"] = python_path(software)

    def make(self, *words, **options):
        return self.run("make", "ENV=", *words, **options)

    def maskbench(self, *words, **options):
        return self.run("maskbench", *words, **options)


def exported(folder, count=6):
    """An export of the team's: walls with a door each, and mails of annotators."""
    tasks = [
        task(
            number,
            annotation(
                number,
                [box(["Wall"], 0, 0, 60 + number, 70), box(["Door"], 20, 30, 50, 70, number=2)],
                completed_by={"id": 5, "email": "grete@museum.example"},
            ),
            drafts=[{"id": 1, "user": "grete@museum.example", "result": []}],
        )
        for number in range(1, count + 1)
    ]
    write_export(folder, tasks)
    return folder


def init(folder, *words, check=True, environment=None):
    """Run `maskbench init` without a terminal, beside the folder."""
    program = Path(sys.executable).with_name("maskbench")
    words = [program, "init", folder.name, *words]
    done = subprocess.run(
        [str(word) for word in words],
        cwd=folder.parent,
        env={**os.environ, "PYTHONPATH": python_path(ROOT), **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if check and done.returncode:
        raise AssertionError(f"{words} failed:\n{done.stdout}\n{done.stderr}")
    return done
