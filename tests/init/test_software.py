"""Which maskbench a new repository is pinned to."""

import subprocess
import zipfile

import pytest

from maskbench import __version__
from maskbench.errors import MaskbenchError
from maskbench.files.hashing import sha256
from maskbench.init import software
from maskbench.pipeline.pin import Pin, parse_pin

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("maskbench==0.2.0", "maskbench==0.2.0"),
        (f"git+https://h/m@{COMMIT}", f"maskbench @ git+https://h/m@{COMMIT}"),
        (f"maskbench @ git+ssh://git@h/m@{COMMIT}", f"maskbench @ git+ssh://git@h/m@{COMMIT}"),
    ],
)
def test_named_by_the_user(words, line):
    assert software.pin_given(words).pin.splitlines()[-1] == line


@pytest.mark.parametrize(
    "words", ["maskbench", "maskbench>=0.1", "git+https://h/m@main", "no.whl", "maskbench==0.1 x"]
)
def test_what_is_not_certain_is_refused(words):
    with pytest.raises(MaskbenchError, match="--maskbench: "):
        software.pin_given(words)


def test_a_wheel_is_taken_along(tmp_path):
    wheel = tmp_path / "maskbench-0.3.0-py3-none-any.whl"
    wheel.write_bytes(b"wheel")
    made = software.pin_given(str(wheel))
    assert made.files == {"wheels/maskbench-0.3.0-py3-none-any.whl": b"wheel"}
    assert parse_pin(made.pin) == Pin("0.3.0", None, sha256(b"wheel"))


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout of maskbench that runs, with a commit that is on its server."""
    root = tmp_path / "checkout"
    (root / "maskbench").mkdir(parents=True)
    (root / "maskbench/__init__.py").write_text("")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        (root / name).write_text('[project]\nname = "maskbench"\nversion = "0.9"\n')
    monkeypatch.setattr("maskbench.__file__", str(root / "maskbench/__init__.py"))

    def git(*words):
        options = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
        subprocess.run(["git", *options, *words], cwd=root, check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    git("add", "-A")
    git("commit", "-qm", "x")
    subprocess.run(["git", "clone", "-q", "--bare", root, tmp_path / "server"], check=True)
    git("remote", "add", "origin", str(tmp_path / "server"))
    git("fetch", "-q", "origin")
    return root, git


@pytest.mark.parametrize(
    ("url", "pinned"),
    [
        ("https://h/you/m", "git+https://h/you/m"),
        ("https://name:secret@h/you/m", "git+https://h/you/m"),
        ("git@h:you/m.git", "git+ssh://git@h/you/m.git"),
    ],
)
def test_a_checkout_whose_commit_is_on_a_server(checkout, url, pinned):
    _, git = checkout
    git("remote", "set-url", "origin", url)
    made = software.pin_running()
    line = made.pin.splitlines()[-1]
    assert line.startswith(f"maskbench @ {pinned}@")
    assert (parse_pin(made.pin).version, made.files) == (__version__, {})
    assert "secret" not in made.pin


@pytest.mark.slow
def test_a_checkout_with_changes_becomes_a_wheel(checkout, tmp_path):
    root, git = checkout
    git("remote", "set-url", "origin", "https://h/you/m")
    (root / "maskbench/new.py").write_text("x = 1\n")
    made = software.pin_running()
    [(name, content)] = made.files.items()
    assert name == "wheels/maskbench-0.9-py3-none-any.whl"
    (tmp_path / "w.whl").write_bytes(content)
    assert "maskbench/new.py" in zipfile.ZipFile(tmp_path / "w.whl").namelist()
    assert sorted(path.name for path in root.iterdir()) == sorted(
        [".git", "LICENSE", "README.md", "maskbench", "pyproject.toml"]
    )
