"""Commands in any folder of a repository, and DVC's experiments as revisions."""

import pytest

from maskbench.cli import main
from maskbench.errors import SourceError
from maskbench.versions import git


@pytest.fixture
def below(repository, monkeypatch):
    """A folder deep in a built repository, which is the current one."""
    folder = repository.root / "notes/deep"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("doctor",), 0, "0 errors"),
        (("verify",), 0, "22 images"),
        (("rules",), 0, "multi_label_rules.nested_canvas"),
        (("diff",), 0, "0 of 22 masks changed"),
        (("blame", "5", "1", "1", "--no-history"), 0, "because of"),
        (("export", "voc", "out"), 0, ": out"),
        (("evaluate", "../../data/benchmark/masks", "--out", "scores"), 0, "test: 4 images"),
        (("refresh",), 2, "fetch.server is empty"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_commands_find_the_repository(below, capsys, words, status, said):
    assert main(list(words)) == status
    out, err = capsys.readouterr()
    assert said in out + err
    assert main(["merge", "HEAD"]) == 1
    assert "HEAD has nothing that HEAD lacks" in capsys.readouterr().err


@pytest.mark.slow
def test_an_experiment_is_a_revision(repository, below, capsys):
    rule = "multi_label_rules.nested_canvas.then=Canvas"
    repository.dvc("exp", "run", "-q", "-n", "one-rule", "-S", rule)
    repository.git("checkout", "-q", ".")
    assert main(["diff", "HEAD", "one-rule"]) == 0
    assert "1 of 22 masks changed" in capsys.readouterr().out
    assert main(["export", "coco", "coco", "--rev", "one-rule"]) == 0
    assert main(["blame", "5", "1", "1", "--rev", "one-rule"]) == 0
    reference = repository.git("for-each-ref", "--format=%(refname)", "refs/exps/*/*/*").stdout
    assert git.resolve(repository.root, reference.strip()) == git.resolve(below, "one-rule")
    (commit,) = repository.git("rev-parse", "HEAD").stdout.split()
    repository.git("update-ref", f"refs/exps/aa/{'b' * 38}/one-rule", commit)
    with pytest.raises(SourceError, match="several experiments are called 'one-rule'"):
        git.resolve(below, "one-rule")


def test_git_says_why(tmp_path, repository):
    with pytest.raises(SourceError, match=r"knows no revision 'x:y' \(.+\): `git branch -a`"):
        git.resolve(repository.root, "x:y")
    with pytest.raises(SourceError, match="is in no git repository to read: fatal: not a git rep"):
        git.resolve(tmp_path, "HEAD")
