"""Which field of a task's data is its image."""

import re

import pytest

from maskbench.labelstudio.shown_image import UnknownImageError, shown_image


@pytest.mark.parametrize(
    ("data", "to_names", "reference"),
    [
        ({"image": "/data/upload/1/a.jpg", "room": "hall"}, [], "/data/upload/1/a.jpg"),
        ({"img": "a.JPG", "note": "see http"}, ["x"], "a.JPG"),  # the only one, whatever its name
        ({"url": "https://host/no-extension?x=1"}, [], "https://host/no-extension?x=1"),
        ({"photo": "a.tif?token=b", "n": 3, "x": None}, [], "a.tif?token=b"),
        ({"image": ["a.png"]}, [], "a.png"),  # a list of one
        ({"image": "a.jpg", "icon": "b.png"}, [], "a.jpg"),  # by its name: nothing is drawn
        ({"image": "a.jpg", "icon": "b.png"}, ["icon"], "b.png"),  # by the regions
        ({"image": "a.jpg"}, [None, "img1", "img2"], "a.jpg"),  # there is no other
        ({"left": "a.jpg", "right": "b.png"}, ["right"], "b.png"),
        ({"a": "1.jpg", "note": "foo://["}, [], "1.jpg"),  # other texts may hold anything
        ({"photo": "a.jpg", "sound": "/data/upload/1/b.mp3"}, ["img"], "a.jpg"),
        ({"photo": "a.jpg", "film": "s3://b/c.mp4", "text": "https://h/d.txt"}, ["x"], "a.jpg"),
        ({"photo": "a.jpg", "film": "/data/local-files/?d=c.MP4"}, ["x"], "a.jpg"),
        ({"image": "a.jpg", "name": "a.jpg"}, ["x"], "a.jpg"),  # one image, named twice
        ({"film": "s3://b/c.mp4"}, ["x"], "s3://b/c.mp4"),  # the only one, whatever it is
        ({"image": "a.jpg", "others": ["b.jpg", "c.jpg"]}, ["image"], "a.jpg"),
        ({"photo": "a.jpg", "tags": ["red", "b.jpg"], "pages": [["c.jpg"]]}, ["x"], "a.jpg"),
    ],
)
def test_the_image_field_is_found(data, to_names, reference):
    assert shown_image(data, to_names) == (reference, None)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"room": "hall"}, r"no field of the task's data \(room\) names an image"),
        ({}, "names an image"),
        ({"image": "/image1"}, "names an image"),
        ({"image": 3}, "names an image"),
        ({"left": "a.jpg", "right": "b.png"}, r"several images \(left, right\) and there are no"),
        ({"images": ["a.jpg", "b.jpg"]}, "data.images lists 2 images"),
    ],
)
def test_where_no_field_fits(data, message):
    with pytest.raises(ValueError, match=message):
        shown_image(data, [])


PAIR = {"image": "left.png", "second": "right.png"}
THREE = {"a": "1.png", "b": "2.png", "c": "3.png"}


@pytest.mark.parametrize(
    ("data", "to_names", "setup", "message"),
    [
        (
            PAIR,
            ["img2"],
            None,
            "the data has several images (image, second) and regions lie on img2; nothing here "
            "tells which of them that tag shows: look it up in the labelling setup "
            '(<Image name="img2" value="$…">) and set {img2: image} or {img2: second}',
        ),
        (PAIR, ["image", "img2"], None, "regions lie on image and img2; a task has one"),
        (PAIR, [None], None, "regions lie on no image tag (to_name is missing); nothing"),
        (PAIR, ["second", None], None, "regions lie on second and no image tag"),
        (THREE, ["img"], None, "set {img: a} or {img: b} or {img: c}"),
        (PAIR, ["image", "second"], None, "choose it by {image: …} or {second: …} with the field"),
        (PAIR, ["l", "r"], {"l": "image", "r": "second"}, "choose it by {l: …} or {r: …} with"),
        (PAIR, ["old"], {"img": "image"}, "regions lie on old; nothing here tells"),
        ({"image": "a.png", "more": ["b.png", "c.png"]}, ["x"], None, "several images (image, mor"),
    ],
)
def test_of_several_images_none_is_guessed(data, to_names, setup, message):
    with pytest.raises(UnknownImageError, match=re.escape(message)):
        shown_image(data, to_names, setup)


@pytest.mark.parametrize(
    ("data", "to_names", "chosen", "shown"),
    [
        (PAIR, ["img2"], {"img2": "second"}, ("right.png", {"img2"})),
        (PAIR, ["img2"], {"img2": "$second"}, ("right.png", {"img2"})),  # as the setup writes it
        ({"$a": "1.png", "b": "2.png"}, ["x"], {"x": "$a"}, ("1.png", {"x"})),
        (PAIR, ["img1", "img2"], {"img2": "second"}, ("right.png", {"img2"})),
        (PAIR, ["img1"], {"img2": "second"}, ("right.png", {"img2"})),
        (PAIR, [], {"img2": "second"}, ("right.png", {"img2"})),
        (PAIR, [None], {"img2": "second"}, ("right.png", {"img2"})),
        (PAIR, ["img1"], {"img1": "image", "img2": "second"}, ("left.png", {"img1"})),
        (PAIR, ["img2"], {"img1": "image", "img2": "second"}, ("right.png", {"img2"})),
        (PAIR, ["old"], {"old": "image", "img": "image"}, ("left.png", {"old", "img"})),
        ({"image": "a.png"}, ["img1"], {"img2": "second"}, ("a.png", None)),  # there is no other
    ],
)
def test_the_image_that_is_chosen(data, to_names, chosen, shown):
    assert shown_image(data, to_names, {"img1": "image"}, chosen) == shown


@pytest.mark.parametrize(
    ("to_names", "chosen", "message"),
    [
        (["img1", "img2"], {"img1": "image", "img2": "second"}, "choose it by {img1: …} or"),
        (["x"], {"img1": "image", "img2": "second"}, "regions lie on x; nothing"),
        ([None], {"img1": "image", "img2": "second"}, "regions lie on no image tag"),
        (["img2"], {"img2": "secnd"}, "none of them is a field that fetch.image_field"),
    ],
)
def test_a_choice_that_does_not_tell(to_names, chosen, message):
    with pytest.raises(UnknownImageError, match=re.escape(message)):
        shown_image(PAIR, to_names, None, chosen)
