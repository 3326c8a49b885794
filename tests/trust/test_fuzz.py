"""Damaged input: refused with a message or built right; and what was found before stays mended."""

import json
import time

import pytest

from tests.harness import seeds
from tests.harness.fuzz import Bench, Case, Finding, Hang, alarm, fuzz, inputs
from tests.repositories import ROOT

CORPUS = sorted((ROOT / "tests/harness/corpus").glob("*.json"))


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    return Bench(tmp_path_factory.mktemp("bench"))


@pytest.mark.slow
@pytest.mark.parametrize("path", CORPUS, ids=[path.stem for path in CORPUS])
def test_what_was_found_stays_mended(bench, path):
    """``refused_by`` is the stage that has to refuse it; null: it is to be built."""
    entry = json.loads(path.read_text(encoding="utf-8"))
    case = Case(entry["export"], entry.get("params", seeds.PARAMS))
    assert bench.run(case) == entry["refused_by"]


@pytest.mark.slow
def test_a_short_run_finds_nothing(tmp_path):
    """The long one is ``make fuzz``."""
    tally = fuzz(inputs(300, seed=20), tmp_path)
    print(tally)
    assert tally.findings == []
    assert tally.tried == 300
    assert tally.accepted > 50  # the damage is not so coarse that nothing gets past the parser
    assert {"params", "fetch", "rasterize"} <= tally.refused.keys()


def test_undamaged_seeds_are_accepted(bench):
    made = seeds.made_tasks()
    drawn = {**made[0], "id": 2, "data": {"image": seeds.IMAGES[0]}}  # not all have a mask
    for entry in [*seeds.sample_tasks(), *made]:
        task = {**entry, "id": 1, "data": {"image": seeds.IMAGES[3]}}
        assert bench.run(Case(json.dumps([task, drawn]))) is None


def test_inputs_are_the_same_for_the_same_seed():
    assert list(inputs(30, 5)) == list(inputs(30, 5)) != list(inputs(30, 6))


def test_the_harness_sees_what_must_not_be(tmp_path, monkeypatch):
    """A hang, another exception, and masks of a refused input are findings."""

    def broken(kind):
        def stage(params, layout):
            if kind == "masks":
                (layout.benchmark / "masks").mkdir(parents=True)
                (layout.benchmark / "masks/000001.png").touch()
                raise harness.MaskbenchError("refused")
            if kind == "hang":
                while True:
                    pass
            raise KeyError("oh")

        return stage

    from tests.harness import fuzz as harness

    monkeypatch.setattr(harness, "SECONDS", 0.2)
    found = []
    for kind in ("masks", "hang", "exception"):
        stage = broken(kind)
        stage.__name__ = "fetch"
        monkeypatch.setattr(harness, "fetch", stage)
        folder = tmp_path / kind
        folder.mkdir()
        found += fuzz(inputs(1, 3), folder).findings
    told = [trace.strip().splitlines()[-1].split(":")[0] for _, trace in found]
    assert [name.rpartition(".")[2] for name in told] == [
        Finding.__name__,
        Hang.__name__,
        "KeyError",
    ]


def test_the_alarm_rings_only_within_its_block():
    with pytest.raises(Hang), alarm(0.05):
        while True:
            pass
    with pytest.raises(Hang), alarm(0.05):
        time.sleep(60)  # takes none of the processor's time
    with alarm(5):
        pass
