"""Breaches to plant in a built benchmark: what ``maskbench verify`` has to name."""

import json
import shutil

from PIL import Image

from tests.harness.damage import PARAMS


def palette(repo):
    image = Image.fromarray(repo.mask()).convert("P")
    image.putdata(repo.mask().reshape(-1).tolist())
    image.save(repo.mask_path)


def class_that_is_none(repo):
    repo.set(classes=json.dumps(json.loads(repo.train["classes"]) | {"Lamp": 3}))


def in_two_splits(repo):
    repo.lines("test", lambda lines: sorted([*lines, repo.train["scene"]]))


def in_another_split_than_the_manifest_says(repo):
    repo.lines("train", lambda lines: lines[1:])
    in_two_splits(repo)


def link_to_nowhere(repo):
    """As in a workspace of links, when DVC's cache was cleared."""
    repo.mask_path.unlink()
    repo.mask_path.symlink_to(repo.root / "cache" / "gone")


def scene_that_is_a_folder(repo):
    repo.scene_path.unlink()
    repo.scene_path.mkdir()


def more_than_any_memory(repo):
    repo.mask_path.unlink()
    repo.set(mask=f"{repo.train['key']}.npy")
    about = b"{'descr': '|u1', 'fortran_order': False, 'shape': (4000000000, 1000000000)}\n"
    repo.mask_path.write_bytes(b"\x93NUMPY\x01\0" + len(about).to_bytes(2, "little") + about)


def forged_scene(repo):
    repo.put_scene(repo.scene().rotate(180))


def source_destroyed(repo):
    forged_scene(repo)
    (repo.root / "data/images" / repo.train["scene"]).write_text("x")


NOT_MADE = "is not what annotation {train.annotation} and the rules give"

NO_MASK = "masks/{train.mask}: is missing, but manifest.csv has a row for '{train.key}'"

NO_SCENE = "scenes/{train.scene}: is missing, but manifest.csv has a row for '{train.key}'"

ROW = "manifest.csv: the row of '{train.key}' "

BREACHES = {
    # masks
    "mask edited": (
        lambda repo: repo.put_pixel(0, 0, 2),
        "masks/{train.mask}: is not the mask in manifest.csv",
        "has the pixels {{",
    ),
    "value without a class": (
        lambda repo: repo.put_pixel(3, 3, 9, sealed=True),
        "masks/{train.mask}: holds the value 9, and codes.txt has 4 lines",
    ),
    "palette": (palette, "masks/{train.mask}: is an image of mode 'P'; a mask is 8-bit grey"),
    "coloured": (
        lambda repo: repo.scene().save(repo.mask_path),
        "masks/{train.mask}: it has 3 channels (RGB)",
    ),
    "mask of another size": (
        lambda repo: repo.put_mask(repo.mask()[:-1], sealed=True),
        "masks/{train.mask}: has 40 x 29 pixels, manifest.csv says 40 x 30",
        "masks/{train.mask}: has 40 x 29 pixels, its scene 40 x 30",
        "has another size than the image that was annotated",
    ),
    "mask destroyed": (
        lambda repo: repo.mask_path.write_text("<html>"),
        "masks/{train.mask}: it is not an image in a known format",
    ),
    "class counts": (
        lambda repo: repo.set(classes='{"Background": 1, "Canvas": 1199}'),
        "masks/{train.mask}: has the pixels",
        "manifest.csv says {{'Background': 1, 'Canvas': 1199}}",
    ),
    "class that is none": (
        class_that_is_none,
        "masks/{train.mask}: has the pixels",
        "'Lamp': 3",
    ),
    "mask that claims more than any memory": (
        more_than_any_memory,
        "masks/{train.key}.npy: it is not a numpy array, or cut off",
    ),
    # scenes
    "scene edited": (
        lambda repo: repo.scene_path.write_bytes(repo.scene_path.read_bytes() + b"\0"),
        "scenes/{train.scene}: is not the scene in manifest.csv",
    ),
    "scene cut off": (
        lambda repo: repo.scene_path.write_bytes(repo.scene_path.read_bytes()[:900]),
        "scenes/{train.scene}: it is damaged or cut off",
    ),
    "scene of another size": (
        lambda repo: repo.put_scene(repo.scene().resize((20, 30))),
        "scenes/{train.scene}: has 20 x 30 pixels, manifest.csv says 40 x 30",
    ),
    "size in the manifest": (
        lambda repo: repo.set(height=31),
        "scenes/{train.scene}: has 40 x 30 pixels, manifest.csv says 40 x 31",
    ),
    # splits and groups
    "not in a split": (
        lambda repo: repo.lines("train", lambda lines: lines[1:]),
        "splits: no split names '{train.scene}'",
    ),
    "in two splits": (in_two_splits, "splits: train and test both name '{train.scene}'"),
    "in another split than the manifest says": (
        in_another_split_than_the_manifest_says,
        "splits/test.txt: names '{train.scene}', which manifest.csv puts into train",
    ),
    "unknown name in a split": (
        lambda repo: repo.lines("valid", lambda lines: [*lines, "x.png"]),
        "splits/valid.txt: names 'x.png', which has no row in manifest.csv",
    ),
    "unsorted split": (
        lambda repo: repo.lines("train", lambda lines: lines[::-1]),
        "splits/train.txt: is not sorted",
    ),
    "name twice in a split": (
        lambda repo: repo.lines("train", lambda lines: [lines[0], *lines]),
        "splits/train.txt: names '{train.scene}' twice",
    ),
    "split too many": (
        lambda repo: (repo.data / "splits/holdout.txt").write_text(""),
        "splits/holdout.txt: is not one of the splits",
    ),
    "split missing": (
        lambda repo: (repo.data / "splits/valid.txt").unlink(),
        "splits/valid.txt: cannot be read",
    ),
    "group divided": (
        lambda repo: repo.set(repo.train, repo.test, group="hall"),
        "manifest.csv: the group 'hall' is divided: '{test.key}' is in test, '{train.key}' is in "
        "train",
    ),
    "equal image in two splits": (
        lambda repo: repo.put_scene(repo.scene(), repo.test),
        "scenes/",
        " is the same image as ",
    ),
    "near-equal image in two splits": (
        lambda repo: repo.put_scene(repo.scene().point(lambda v: v * 0.97 + 8), repo.test),
        "scenes/",
        " is nearly (",
        ") the same image as ",
    ),
    # files and rows
    "scene without a row": (
        lambda repo: repo.scene().save(repo.data / "scenes/zz.png"),
        "scenes/zz.png: has no row in manifest.csv",
    ),
    "mask without a row": (
        lambda repo: shutil.copy(repo.mask_path, repo.data / "masks/zz.png"),
        "masks/zz.png: has no row in manifest.csv",
    ),
    "scene missing": (lambda repo: repo.scene_path.unlink(), NO_SCENE),
    "mask missing": (lambda repo: repo.mask_path.unlink(), NO_MASK),
    "mask that is a link to nowhere": (link_to_nowhere, NO_MASK),
    "scene that is a folder": (scene_that_is_a_folder, NO_SCENE),
    "row missing": (
        lambda repo: repo.write([row for row in repo.rows if row is not repo.train]),
        "masks/{train.mask}: has no row in manifest.csv",
        "annotations/{train.key}.json, task {train.task}: has an annotation that counts, but is "
        "not in",
    ),
    "row twice": (
        lambda repo: repo.write([repo.train, *repo.rows]),
        "manifest.csv: has several rows for '{train.key}'",
    ),
    "path in the manifest": (
        lambda repo: repo.set(mask="../../../x.png"),
        "manifest.csv: names '{train.scene}' and '../../../x.png', which are not the scene and",
    ),
    "split that is none": (
        lambda repo: repo.set(split="trian"),
        "manifest.csv: puts '{train.key}' into 'trian', which is not a split",
    ),
    "manifest missing": (
        lambda repo: (repo.data / "manifest.csv").unlink(),
        "manifest.csv: is missing",
    ),
    "manifest damaged": (lambda repo: repo.set(width="wide"), "manifest.csv: cannot be read"),
    "classes that are no counts": (
        lambda repo: repo.set(classes="[]"),
        "manifest.csv: cannot be read",
    ),
    "count without an end": (
        lambda repo: repo.set(classes='{"Canvas": 1e999}'),
        "manifest.csv: cannot be read",
    ),
    # class names
    "class twice": (
        lambda repo: (repo.data / "codes.txt").write_text("Background\nCanvas\nCanvas\nBoth\n"),
        "codes.txt: names the class 'Canvas' twice",
        "does not name the classes of labels_map",
    ),
    "class without a name": (
        lambda repo: (repo.data / "codes.txt").write_text("Background\n\nObstruction\nBoth\n"),
        "codes.txt: line 2 names no class",
    ),
    "codes missing": (
        lambda repo: (repo.data / "codes.txt").unlink(),
        "codes.txt: cannot be read",
    ),
    # against annotations, rules and splits
    "forged mask with a true manifest": (
        lambda repo: repo.put_pixel(1, 0, 3, sealed=True),
        "masks/{train.mask}: " + NOT_MADE + ": 1 pixel differs, the first at x 1, y 0",
    ),
    "annotation changed": (
        lambda repo: repo.task(
            lambda task: task["annotations"][0]["regions"][0]["value"].update(width=5)
        ),
        NOT_MADE,
    ),
    "label that is none": (
        lambda repo: repo.region(labels=["Lamp"]),
        "the annotation cannot be drawn (",
        "the label 'Lamp' is not in labels_map",
    ),
    "rule changed and not built": (
        lambda repo: repo.params(
            multi_label_rules={"b": {"when": ["Canvas", "Obstruction"], "then": "Canvas"}}
        ),
        "masks/{train.mask}: is not what annotation",
        "masks/{test.mask}: is not what annotation",
    ),
    "rule removed and not built": (
        lambda repo: repo.params(multi_label_rules={}),
        "masks/{train.mask}: no rule says what Canvas + Obstruction together become",
    ),
    "split changed and not built": (
        lambda repo: repo.params(split={"ratios": {"test": 1}}),
        ROW + "says train; its group and split in params.yaml give",
    ),
    "another annotator": (
        lambda repo: repo.set(annotator=77),
        ROW + "says annotator 77; data/annotations says 1",
    ),
    "another time": (
        lambda repo: repo.set(updated_at="2001-01-01T00:00:00Z"),
        ROW + "says updated_at 2001-01-01T00:00:00Z; data/annot",
    ),
    "grouped otherwise than params say": (
        lambda repo: repo.params(split={**PARAMS["split"], "group_by": "image"}),
        ROW + "names another group than 'image' gives",
    ),
    "group that no task tells": (
        lambda repo: repo.params(split={**PARAMS["split"], "group_by": "room"}),
        ROW + "cannot be grouped: its data has no field 'room'",
    ),
    "another group": (
        lambda repo: repo.set(group="x"),
        ROW + "names another group than the digest of its image",
    ),
    "forged scene with a true manifest": (
        forged_scene,
        "scenes/{train.scene}: is not the image that was annotated, ",
    ),
    "source destroyed": (
        source_destroyed,
        "scenes/{train.scene}: its source ",
        " cannot be read: it is not an image in a known format",
    ),
    "annotation missing": (
        lambda repo: repo.task_path.unlink(),
        "annotations/{train.key}.json: is missing",
    ),
    "annotation that claims a huge image": (
        lambda repo: repo.task(lambda task: task["image"].update(width=10**9, height=10**9)),
        "masks/{train.mask}: has another size than the image that was annotated",
    ),
    "annotation of other kinds": (
        lambda repo: repo.region(value=None),
        "{train.key}.json: is not a stored task",
    ),
    "annotation damaged": (
        lambda repo: repo.task_path.write_text("{}"),
        "{train.key}.json: is not a stored task",
    ),
    "annotation skipped": (
        lambda repo: repo.task(lambda task: task["annotations"][0].update(was_cancelled=True)),
        "annotations/{train.key}.json, task {train.task}: has no annotation that counts",
    ),
}
"""Each way to damage the benchmark: what does it, and the messages that have to be said of it.

In the messages, ``{train.key}`` and the like stand for columns of the first row of a split.
"""
