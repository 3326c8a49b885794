"""Checks that compare near-equal images."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays
from PIL import Image

from maskbench.quality.checks.images import missing_label, twin_differs
from maskbench.quality.similar import PLAIN, correlations, look_from, twins
from tests.quality.checks.regions import box
from tests.quality.checks.test_classes import collected, seen


def picture(seed, noise=0):
    """A scene of 64 x 64 with soft shapes; noise changes its bytes and not its look."""
    coarse = np.random.default_rng(seed).integers(0, 200, (8, 8, 3))
    scene = np.kron(coarse, np.ones((8, 8, 1))) + noise * np.random.default_rng(9).random(
        (64, 64, 1)
    )
    return scene.astype(np.uint8)


def thumbnail_of(scene):
    """The means of 4 x 4 pixels, in hexadecimal."""
    return Image.fromarray(scene).convert("L").reduce(4).tobytes().hex()


LOOK, ALIKE, OTHER = (
    thumbnail_of(picture(seed, noise)) for seed, noise in ((1, 0), (1, 12), (2, 0))
)
LEFT, RIGHT = box("left", 5, 5, 45, 95), box("right", 55, 5, 95, 95)
PLANT = box("plant", 60, 20, 80, 40, labels=["Plant"])


@pytest.mark.parametrize(
    ("one", "other", "keys"),
    [
        (seen(LEFT, look=LOOK), seen(RIGHT, look=ALIKE), ["000"]),
        (seen(LEFT, look=LOOK), seen(RIGHT, look=OTHER), []),  # another picture
        (seen(LEFT, look=LOOK), seen(box("l", 5, 5, 45, 80), look=ALIKE), []),  # nearly the same
        (seen(LEFT, look="80" * 256), seen(RIGHT, look="80" * 256), []),  # plain: nothing to see
        (seen(LEFT, look=LOOK, image="x"), seen(RIGHT, look=LOOK, image="x"), []),  # agreement's
        (seen(LEFT, look=LOOK), seen(PLANT, look=ALIKE), []),  # no common label: see below
    ],
)
def test_near_equal_images_with_different_labels(one, other, keys):
    found = list(twin_differs(collected(one, other), 0.5))
    assert [key for key, _ in found] == keys
    assert not keys or (found[0][1].value == 1 and "the near-equal image 001" in found[0][1].what)


def test_a_label_that_the_twin_has():
    one, other = seen(LEFT, PLANT, look=LOOK), seen(LEFT, look=ALIKE)
    [(key, hit)] = missing_label(collected(one, other), 0.01)
    assert (key, hit.label, hit.regions, hit.value) == ("001", "Plant", (), 0.04)
    assert hit.box == (60, 20, 80, 40)  # where it is in the twin
    assert "has no 'Plant', which covers 4% of the near-equal image 000" in hit.what
    assert list(missing_label(collected(one, other), 0.05)) == []
    assert list(missing_label(collected(one, seen(LEFT, look=OTHER)), 0.01)) == []
    assert list(missing_label(collected(one, seen(LEFT, PLANT, look=ALIKE)), 0.01)) == []


def test_of_three_alike_the_two_without_a_label_do_not_hide_that_it_is_missing():
    labelled = seen(LEFT, PLANT, look=LOOK)
    alike = [seen(LEFT, look=ALIKE, image=name) for name in "xy"]  # nearest to each other
    [(key, hit)] = missing_label(collected(labelled, *alike), 0.01)
    assert (key, hit.label) == ("001", "Plant") and "near-equal image 000" in hit.what


def test_each_image_has_the_twin_that_is_most_alike():
    rng = np.random.default_rng(3)
    grey = rng.integers(40, 215, (600, 256))
    grey[599] = grey[7] + rng.integers(-9, 10, 256)
    grey[300] = grey[7] + rng.integers(-3, 4, 256)
    looks = [look_from(row.astype(np.uint8).tobytes()) for row in grey]
    assert list(twins(looks)) == [(7, 300), (300, 7), (599, 7)]
    assert list(twins([])) == []


@given(arrays(np.uint8, (3, 256)))
def test_correlations_are_exact_sums_whatever_the_order(pixels):
    looks = np.stack([look_from(row.tobytes()) for row in pixels])
    exact = [[sum(map(int, one * other)) for other in looks] for one in looks.astype(np.int64)]
    found = correlations(looks, looks)
    assert (found == np.array(exact, dtype=np.float32) / np.float32(4000**2)).all()
    for row, look in zip(pixels, looks, strict=True):
        assert not look.any() if row.std() < PLAIN else abs(look @ look / 4000**2 - 1) < 0.01
    wanted = np.corrcoef(pixels[0], pixels[1])[0, 1] if looks[:2].any(axis=1).all() else 0
    assert abs(found[0, 1] - wanted) < 0.01
