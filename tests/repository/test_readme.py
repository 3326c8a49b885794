"""The README's commands do what it says."""

import re
import subprocess

import pytest

from tests.repositories import OWN_DATA, ROOT

BLOCK = re.compile(r"(<!-- not run: [^>]+ -->\n)?```(sh|python|console)\n(.*?)```", re.DOTALL)


def blocks():
    text = (ROOT / "README.md").read_text()
    return [(kind, body) for skip, kind, body in BLOCK.findall(text) if not skip]


def lines_of(text):
    """Lines without trailing blanks, sorted: DVC gives its metrics files in no fixed order."""
    return sorted(line.rstrip() for line in text.splitlines() if line.strip())


def run_console(repository, body):
    for part in body.split("$ ")[1:]:
        command, _, expected = part.partition("\n")
        done = repository.run("bash", "-ec", command)
        assert lines_of(done.stdout) == lines_of(expected), command


@pytest.mark.filterwarnings("default")  # of fastai and its libraries
@pytest.mark.usefixtures("torchvision")
def test_commands_in_order(repository, monkeypatch):
    monkeypatch.chdir(repository.root)
    ran = []
    for kind, body in blocks():
        ran.append(kind)
        if kind == "sh":
            repository.run("bash", "-ec", body)
        elif kind == "python":
            exec(compile(body, "README.md", "exec"), {})
        else:
            run_console(repository, body)
    assert set(ran) == {"sh", "python", "console"}
    assert repository.git("status", "--porcelain").stdout == ""


def test_paths_and_targets_exist():
    text = (ROOT / "README.md").read_text()
    for name in re.findall(r"\]\((?!http)([^)#]+)\)", text):
        assert (ROOT / name).exists(), name
    table = text.split("## Layout")[1].split("`make help`")[0]
    for name in re.findall(r"`([a-z_.]+(?:/[a-z_]+)*/?)`", table):
        assert (ROOT / name).exists() or name.split("/")[0] in OWN_DATA, name
    helped = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    for target in ("repro", "test", "check", "bench", "clean"):
        assert f"make {target}" in helped.stdout


def test_messages_of_the_troubleshooting_table_are_real():
    """Each quoted message occurs in the code, in the parts between its variable words."""
    code = "\n".join(path.read_text() for path in sorted((ROOT / "maskbench").rglob("*.py")))
    table = (ROOT / "README.md").read_text().split("## Troubleshooting")[1]
    for message in re.findall(r"^\| `([^`]+)`", table, re.MULTILINE):
        words = re.split(r"'[^']*'|\d+ x \d+|…|Canvas \+ Plant|\bvalid\b|No module.*", message)
        for piece in filter(None, (word.strip(" ,") for word in words)):
            assert piece in re.sub(r'"\s+f?"', "", code), piece
