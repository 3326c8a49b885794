"""Which of a task's annotations counts."""

import pytest

from maskbench.regions.task import Annotation, choose


def annotation(number, updated=None, **more):
    fixed = {"completed_by": 1, "created_at": None, "ground_truth": False, "was_cancelled": False}
    return Annotation(id=number, updated_at=updated, regions=(), **(fixed | more))


EARLY, MIDDLE, LATE = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"


@pytest.mark.parametrize(
    ("annotations", "criteria", "chosen"),
    [
        ([], ["latest"], None),
        ([annotation(1, LATE, was_cancelled=True)], ["latest", "ground_truth"], None),
        ([annotation(1, EARLY), annotation(2, LATE), annotation(3, MIDDLE)], ["latest"], 2),
        ([annotation(1, LATE), annotation(2, EARLY), annotation(3, MIDDLE)], ["earliest"], 2),
        ([annotation(1, EARLY), annotation(2, LATE, was_cancelled=True)], ["latest"], 1),
        # ground truth goes first, the latest of several; else the next criterion
        ([annotation(1, EARLY, ground_truth=True), annotation(2, LATE)], ["ground_truth"], 1),
        ([annotation(1, LATE, ground_truth=True), annotation(2, EARLY, ground_truth=True)],
         ["ground_truth", "earliest"], 1),
        ([annotation(1, EARLY), annotation(2, LATE)], ["ground_truth"], None),
        ([annotation(1, EARLY), annotation(2, LATE)], ["ground_truth", "earliest"], 1),
        ([annotation(1, LATE, ground_truth=True, was_cancelled=True), annotation(2, EARLY)],
         ["ground_truth", "latest"], 2),
        # an annotator's latest; one who is absent leaves the choice to the next
        ([annotation(1, EARLY, completed_by=7), annotation(2, MIDDLE, completed_by=7),
          annotation(3, LATE)], ["annotator:7", "latest"], 2),
        ([annotation(1, EARLY, completed_by=77), annotation(2, LATE, completed_by=None)],
         ["annotator:7", "latest"], 2),
        # of equal times the larger id is the later one
        ([annotation(10, EARLY), annotation(9, EARLY)], ["latest"], 10),
        ([annotation(10, EARLY), annotation(9, EARLY)], ["earliest"], 9),
        # times compare as times, not as text; without one, an annotation is older than all
        ([annotation(1, "2026-01-01T23:00:00-05:00"), annotation(2, MIDDLE)], ["latest"], 1),
        ([annotation(1, "2026-01-01T10:00:00.5Z"), annotation(2, "2026-01-01T10:00:00Z")],
         ["latest"], 1),
        ([annotation(2, None), annotation(1, EARLY)], ["latest"], 1),
        ([annotation(2, "not a time"), annotation(1, EARLY)], ["latest"], 1),
        ([annotation(2, None, created_at=LATE), annotation(1, MIDDLE)], ["latest"], 2),
    ],
)  # fmt: skip
def test_which_annotation_counts(annotations, criteria, chosen):
    for order in (annotations, annotations[::-1]):
        found = choose(order, criteria)
        assert (found.id if found else None) == chosen
