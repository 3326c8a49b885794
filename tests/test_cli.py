"""Words of the command line that are off."""

import importlib
import os
import pkgutil
import subprocess
import sys

import pytest

from maskbench import commands
from maskbench.cli import main
from maskbench.commands import at_least
from maskbench.commands.refresh import CHANGED
from maskbench.diff import gates
from maskbench.errors import CommandError, DataError, MaskbenchError, ParamsError, SourceError
from tests.repositories import ROOT, python_path


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
        env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONPATH": python_path(ROOT)},
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


def statuses(command, capsys):
    """The exit statuses in a command's help, and what they mean."""
    with pytest.raises(SystemExit):
        main([command, "--help"])
    table = capsys.readouterr().out.rpartition("exit status:\n")[2]
    rows = (line.split(maxsplit=1) for line in table.splitlines())
    return {int(code): meaning for code, meaning in rows}


NAMES = sorted(module.name for module in pkgutil.iter_modules(commands.__path__))
WORDS = {
    "blame": ["1", "0", "0"],
    "evaluate": ["masks"],
    "export": ["coco", "out"],
    "predictions": ["list"],
    "rank": ["masks"],
}


@pytest.mark.parametrize("command", NAMES)
def test_help_tells_what_each_kind_of_error_ends_with(command, capsys, monkeypatch):
    told = statuses(command, capsys)
    text = importlib.import_module(f"maskbench.commands.{command}").__doc__
    assert "xit status" not in text, "EXIT_STATUS tells it"
    kinds = (MaskbenchError, CommandError, ParamsError, SourceError, DataError, KeyboardInterrupt)
    for kind, code in zip(kinds, (1, 2, 2, 3, 4, 130), strict=True):

        def fail(args, kind=kind):
            raise kind("on purpose")

        monkeypatch.setattr(f"maskbench.commands.{command}.run", fail)
        assert main([command, *WORDS.get(command, [])]) == code
        assert told[code]
    assert told[0]


@pytest.mark.parametrize(
    "case",
    [
        (["doctor"], 2, "params.yaml or the command line is wrong"),
        (["init"], 2, "params.yaml or the command line is wrong"),
        (["init", "new", "--folder", "nowhere"], 3, "the source cannot be read, or does not ans"),
        (["quality"], 2, "params.yaml or the command line is wrong"),
        (["refresh"], 2, "params.yaml or the command line is wrong"),
        (["rules"], 2, "params.yaml or the command line is wrong"),
        (["diff", "no-such-version"], 3, "a source or a version cannot be read"),
        (["show", "--rules", "wall_1"], 2, "params.yaml or the command line is wrong"),
        (["verify", "--data", "nowhere"], 4, "there are breaches"),
    ],
)
def test_commands_end_with_the_status_that_their_help_tells(case, tmp_path, monkeypatch, capsys):
    words, code, meaning = case
    (tmp_path / "dvc.yaml").write_text("stages: {}\n")
    (tmp_path / "params.yaml").write_text("labels_map: 5\n")
    monkeypatch.chdir(tmp_path)
    assert main(words) == code
    assert statuses(words[0], capsys)[code].startswith(meaning)


def test_statuses_that_only_one_command_has(capsys):
    assert gates.EXIT_CODE in statuses("diff", capsys).keys() - commands.EXIT_STATUS.keys()
    assert CHANGED in statuses("refresh", capsys).keys() - commands.EXIT_STATUS.keys()
