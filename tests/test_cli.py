"""Words of the command line that are off."""

import os
import subprocess
import sys

import pytest

from maskbench.cli import main
from maskbench.commands import at_least
from tests.repositories import ROOT


@pytest.mark.parametrize(
    "words, least",
    [
        (["evaluate", "predictions", "--worst", "-1"], 0),
        (["evaluate", "predictions", "--resamples", "1.5"], 0),
        (["diff", "--most", "-3"], 0),
        (["doctor", "--tasks", "many"], 1),
        (["doctor", "--tasks", "0"], 1),
    ],
)
def test_numbers_that_count_nothing(words, least, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == 2
    message = capsys.readouterr().err.splitlines()[-1]
    assert f"argument {words[-2]}: '{words[-1]}' is not a whole number from {least} up" in message


@pytest.mark.parametrize("word", ["0", "1", "20"])
def test_numbers_that_count(word):
    assert at_least(0)(word) == int(word)


COMMANDS = ("blame", "diff", "doctor", "evaluate", "export", "rank", "refresh", "verify")


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "cp437", "utf-8"])
def test_no_console_encoding_breaks_help_or_errors(encoding, tmp_path):
    """A pipe on Windows has cp1252, which lacks arrows; a bare container has ASCII."""
    code = f"""
import sys
from maskbench.cli import main
for command in {COMMANDS}:
    try:
        main([command, "--help"])
    except SystemExit:
        pass
main(["doctor"])
print("→ … — ä \\U0001f600 \\udc80")
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert b"no dvc.yaml here or above" in done.stderr
    last = done.stdout.decode(encoding).splitlines()[-1]
    assert (
        last
        == {
            "cp1252": r"-> … — ä \U0001f600 \udc80",
            "ascii": r"-> ... - \xe4 \U0001f600 \udc80",
            "cp437": r"-> ... - ä \U0001f600 \udc80",
            "utf-8": "→ … — ä \U0001f600 \\udc80",
        }[encoding]
    )
