"""Which images are chosen: uncertain ones that differ from each other."""

import numpy as np
import pytest
from PIL import Image

from maskbench.ranking.diversity import choose_batch, class_shares, color_shares

FRAMES = [[1.0, 0.0]] * 3  # of one video
OTHERS = [[0.0, 1.0], [0.5, 0.5]]
SCORES = [0.9, 0.8, 0.7, 0.6, 0.5]


def chosen(diversity, count=3, groups=(None,) * 5):
    found = choose_batch(SCORES, [FRAMES + OTHERS], groups, count, diversity)
    return [choice.place for choice in found]


def test_without_diversity_the_score_alone_counts():
    assert chosen(0) == [0, 1, 2]


def test_a_batch_is_not_three_frames_of_one_video():
    assert chosen(1) == [0, 3, 4]
    assert chosen(0.5) == [0, 3, 1]  # 0.6, then 0.8 / 2 beats 0.5 * (1 - 0.5 / 2)


def test_more_than_there_are_gives_all_of_them_once():
    assert sorted(chosen(1, 9)) == [0, 1, 2, 3, 4]
    assert choose_batch([], [], [], 3, 0.5) == []


def test_similarity_is_told_of_what_was_chosen_before():
    found = choose_batch(SCORES, [FRAMES + OTHERS], [None] * 5, 3, 0.5)
    assert [choice.similarity for choice in found] == pytest.approx([0, 0, 1])


def test_images_of_one_group_are_alike_whatever_they_look_like():
    assert chosen(1, 2, ["a", "b", "c", "a", "d"]) == [0, 4]
    assert chosen(0.5, 2, [None, None, None, "a", "a"]) == [0, 3]


def test_several_descriptions_count_alike_and_ties_go_to_the_first():
    tables = [[[1, 0], [1, 0], [0, 1]], [[1, 0], [0, 1], [0, 1]]]
    found = choose_batch([1, 1, 1], tables, [None] * 3, 3, 1)
    assert [(choice.place, choice.similarity) for choice in found] == [(0, 0), (2, 0), (1, 0.5)]


def test_shares_of_classes_with_no_class_last():
    found = class_shares(np.array([[0, 0, 2, 255]], np.uint8), 3)
    assert found.tolist() == [0.5, 0, 0.25, 0.25]


def test_shares_of_colors():
    picture = Image.new("RGB", (4, 1))
    picture.putpixel((0, 0), (255, 0, 63))
    picture.putpixel((1, 0), (64, 128, 192))
    found = color_shares(picture)
    assert {int(i): float(found[i]) for i in np.flatnonzero(found)} == {
        0: 0.5,
        3 * 16: 0.25,
        16 + 2 * 4 + 3: 0.25,
    }
