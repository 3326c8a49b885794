"""Words of the command line that are off."""

import pytest

from maskbench.cli import main


@pytest.mark.parametrize(
    "words",
    [
        ["evaluate", "predictions", "--worst", "-1"],
        ["evaluate", "predictions", "--resamples", "1.5"],
        ["diff", "--most", "-3"],
        ["doctor", "--tasks", "many"],
    ],
)
def test_counts(words, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == 2
    message = capsys.readouterr().err.splitlines()[-1]
    assert words[-2] in message
    assert f"'{words[-1]}' is no count: give 0 or a whole number above it" in message
