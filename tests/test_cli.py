"""Words of the command line that are off."""

import pytest

from maskbench.cli import main
from maskbench.commands import at_least


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
