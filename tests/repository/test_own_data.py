"""The tests know nothing of the repository's own data: a team that changes it keeps green tests."""

import shutil

import pytest

from tests.repositories import OWN_DATA, ROOT, Repository, copy_software

TEAM = """
fetch: {server: null, project: null, folder: data/mine, snapshot: ours}
labels_map: {Nothing: 0, Wall: 1, Door: 2}
multi_label_rules: {}
rasterize: {overlap: top}
combine: {mask_format: tif}
split: {ratios: {train: 1.0}}
"""

TRIED = (
    "tests/params",
    "tests/repository/test_declarations.py::test_stage_names_are_the_same_everywhere",
    "tests/pipeline/test_repro.py::test_a_build_that_is_committed_is_up_to_date",
    "tests/repository/test_readme.py::test_paths_and_targets_exist",
    "tests/trust/test_fuzz.py::test_undamaged_seeds_are_accepted",
    "tests/verification/test_verify.py::test_the_sample_as_built_passes",
)
"""One test of each way in which tests come by params and data."""


@pytest.mark.parametrize("name", [*OWN_DATA, "data/sample/export.json", "metrics/fetch.json"])
def test_a_test_that_reads_it_fails(name):
    with pytest.raises(AssertionError, match="tests bring their own data"):
        (ROOT / name).open()


def test_a_test_that_lists_it_fails(monkeypatch):
    monkeypatch.chdir(ROOT)
    with pytest.raises(AssertionError, match="tests bring their own data"):
        list(ROOT.joinpath("data").iterdir())


@pytest.mark.slow
def test_with_a_team_s_own_params_and_without_the_sample_tests_pass(tmp_path):
    """Other processes, too, which the guard of the tests above does not see."""
    team = Repository(tmp_path / "team")
    copy_software(team.root)
    shutil.copytree(ROOT / "tests", team.root / "tests")
    (team.root / "params.yaml").write_text(TEAM)
    team.git("init", "-q")
    done = team.run("python", "-m", "pytest", "-q", "-n", "0", *TRIED, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
