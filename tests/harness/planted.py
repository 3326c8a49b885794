"""Breaches to plant: each damages a benchmark, and names what ``maskbench verify`` has to say.

In the messages, ``{train.key}`` and the like stand for columns of the first row of a split.
"""

import json
import shutil

from PIL import Image

from tests.harness.damage import PARAMS, breach


@breach("masks/{train.mask}: is not the mask in manifest.csv", "has the pixels {{")
def mask_edited(repo):
    mask = repo.mask(repo.of("train"))
    mask[0, 0] = 2
    repo.put_mask(repo.of("train"), mask)


@breach("masks/{train.mask}: holds the value 9, and codes.txt has 4 lines")
def value_without_a_class(repo):
    mask = repo.mask(repo.of("train"))
    mask[3, 3] = 9
    repo.put_mask(repo.of("train"), mask, sealed=True)


@breach("masks/{train.mask}: is an image of mode 'P'; a mask is 8-bit grey")
def palette(repo):
    image = Image.fromarray(repo.mask(repo.of("train"))).convert("P")
    image.putdata(repo.mask(repo.of("train")).reshape(-1).tolist())
    image.save(repo.data / "masks" / repo.of("train")["mask"])


@breach("masks/{train.mask}: it has 3 channels (RGB)")
def coloured(repo):
    repo.scene(repo.of("train")).save(repo.data / "masks" / repo.of("train")["mask"])


@breach(
    "masks/{train.mask}: has 40 x 29 pixels, manifest.csv says 40 x 30",
    "masks/{train.mask}: has 40 x 29 pixels, its scene 40 x 30",
    "has another size than the image that was annotated",
)
def mask_of_another_size(repo):
    repo.put_mask(repo.of("train"), repo.mask(repo.of("train"))[:-1], sealed=True)


@breach("masks/{train.mask}: it is no image in a known format")
def mask_destroyed(repo):
    (repo.data / "masks" / repo.of("train")["mask"]).write_text("<html>")


@breach(
    "masks/{train.mask}: has the pixels", "manifest.csv says {{'Background': 1, 'Canvas': 1199}}"
)
def class_counts(repo):
    repo.of("train")["classes"] = '{"Background": 1, "Canvas": 1199}'
    repo.write()


@breach("masks/{train.mask}: has the pixels", "'Lamp': 3")
def class_that_is_none(repo):
    row = repo.of("train")
    row["classes"] = json.dumps(json.loads(row["classes"]) | {"Lamp": 3})
    repo.write()


@breach("scenes/{train.scene}: is not the scene in manifest.csv")
def scene_edited(repo):
    path = repo.data / "scenes" / repo.of("train")["scene"]
    path.write_bytes(path.read_bytes() + b"\0")


@breach("scenes/{train.scene}: it is damaged or cut off")
def scene_cut_off(repo):
    path = repo.data / "scenes" / repo.of("train")["scene"]
    path.write_bytes(path.read_bytes()[:900])


@breach("scenes/{train.scene}: has 20 x 30 pixels, manifest.csv says 40 x 30")
def scene_of_another_size(repo):
    repo.put_scene(repo.of("train"), repo.scene(repo.of("train")).resize((20, 30)))


@breach("scenes/{train.scene}: has 40 x 30 pixels, manifest.csv says 40 x 31")
def size_in_the_manifest(repo):
    repo.of("train")["height"] = 31
    repo.write()


@breach("splits: no split names '{train.scene}'")
def not_in_a_split(repo):
    repo.lines("train", lambda lines: lines[1:])


@breach("splits: train and test both name '{train.scene}'")
def in_two_splits(repo):
    repo.lines("test", lambda lines: sorted([*lines, repo.of("train")["scene"]]))


@breach("splits/test.txt: names '{train.scene}', which manifest.csv puts into train")
def in_another_split_than_the_manifest_says(repo):
    repo.lines("train", lambda lines: lines[1:])
    repo.lines("test", lambda lines: sorted([*lines, repo.of("train")["scene"]]))


@breach("splits/valid.txt: names 'x.png', which has no row in manifest.csv")
def unknown_name_in_a_split(repo):
    repo.lines("valid", lambda lines: [*lines, "x.png"])


@breach("splits/train.txt: is not sorted")
def unsorted_split(repo):
    repo.lines("train", lambda lines: lines[::-1])


@breach("splits/train.txt: names '{train.scene}' twice")
def name_twice_in_a_split(repo):
    repo.lines("train", lambda lines: [lines[0], *lines])


@breach("splits/holdout.txt: is none of the splits")
def split_too_many(repo):
    (repo.data / "splits/holdout.txt").write_text("")


@breach("splits/valid.txt: cannot be read")
def split_missing(repo):
    (repo.data / "splits/valid.txt").unlink()


@breach(
    "manifest.csv: the group 'hall' is divided: '{test.key}' is in test, '{train.key}' is in train"
)
def group_divided(repo):
    repo.of("train")["group"] = repo.of("test")["group"] = "hall"
    repo.write()


@breach("scenes/", " is the same image as ")
def equal_image_in_two_splits(repo):
    repo.put_scene(repo.of("test"), repo.scene(repo.of("train")))


@breach("scenes/", " is nearly (", ") the same image as ")
def near_equal_image_in_two_splits(repo):
    brighter = repo.scene(repo.of("train")).point(lambda value: value * 0.97 + 8)
    repo.put_scene(repo.of("test"), brighter)


@breach("scenes/zz.png: has no row in manifest.csv")
def scene_without_a_row(repo):
    repo.scene(repo.of("train")).save(repo.data / "scenes/zz.png")


@breach("masks/zz.png: has no row in manifest.csv")
def mask_without_a_row(repo):
    shutil.copy(repo.data / "masks" / repo.of("train")["mask"], repo.data / "masks/zz.png")


@breach("scenes/{train.scene}: is missing, but manifest.csv has a row for '{train.key}'")
def scene_missing(repo):
    (repo.data / "scenes" / repo.of("train")["scene"]).unlink()


@breach("masks/{train.mask}: is missing, but manifest.csv has a row for '{train.key}'")
def mask_missing(repo):
    (repo.data / "masks" / repo.of("train")["mask"]).unlink()


@breach("masks/{train.mask}: is missing, but manifest.csv has a row for '{train.key}'")
def mask_that_is_a_link_to_nowhere(repo):
    """As in a workspace of links, when DVC's cache was cleared."""
    mask_missing(repo)
    (repo.data / "masks" / repo.of("train")["mask"]).symlink_to(repo.root / "cache" / "gone")


@breach("scenes/{train.scene}: is missing, but manifest.csv has a row for '{train.key}'")
def scene_that_is_a_folder(repo):
    scene_missing(repo)
    (repo.data / "scenes" / repo.of("train")["scene"]).mkdir()


@breach(
    "masks/{train.mask}: has no row in manifest.csv",
    "annotations/{train.key}.json, task {train.task}: has an annotation that counts, but is not in",
)
def row_missing(repo):
    repo.write([row for row in repo.rows if row is not repo.of("train")])


@breach("manifest.csv: has several rows for '{train.key}'")
def row_twice(repo):
    repo.write([repo.of("train"), *repo.rows])


@breach("manifest.csv: names '{train.scene}' and '../../../x.png', which are no scene and mask of")
def path_in_the_manifest(repo):
    repo.write(
        [{**row, "mask": "../../../x.png"} if row is repo.of("train") else row for row in repo.rows]
    )


@breach("manifest.csv: puts '{train.key}' into 'trian', which is no split")
def split_that_is_none(repo):
    repo.write([{**row, "split": "trian"} if row is repo.of("train") else row for row in repo.rows])


@breach("manifest.csv: is missing")
def manifest_missing(repo):
    (repo.data / "manifest.csv").unlink()


@breach("manifest.csv: cannot be read")
def manifest_damaged(repo):
    repo.of("train")["width"] = "wide"
    repo.write()


@breach("manifest.csv: cannot be read")
def classes_that_are_no_counts(repo):
    repo.of("train")["classes"] = "[]"
    repo.write()


@breach("manifest.csv: cannot be read")
def count_without_an_end(repo):
    repo.of("train")["classes"] = '{"Canvas": 1e999}'
    repo.write()


@breach("masks/{train.key}.npy: it is no numpy array, or cut off")
def mask_that_claims_more_than_any_memory(repo):
    row = repo.of("train")
    mask_missing(repo)
    row["mask"] = f"{row['key']}.npy"
    about = b"{'descr': '|u1', 'fortran_order': False, 'shape': (4000000000, 1000000000)}\n"
    head = b"\x93NUMPY\x01\0" + len(about).to_bytes(2, "little") + about
    (repo.data / "masks" / row["mask"]).write_bytes(head)
    repo.write()


@breach("codes.txt: names the class 'Canvas' twice", "does not name the classes of labels_map")
def class_twice(repo):
    (repo.data / "codes.txt").write_text("Background\nCanvas\nCanvas\nBoth\n")


@breach("codes.txt: line 2 names no class")
def class_without_a_name(repo):
    (repo.data / "codes.txt").write_text("Background\n\nObstruction\nBoth\n")


@breach("codes.txt: cannot be read")
def codes_missing(repo):
    (repo.data / "codes.txt").unlink()


@breach(
    "masks/{train.mask}: is not what annotation {train.annotation} and the rules give: 1 pixels "
    "differ, the first at x 1, y 0"
)
def forged_mask_with_a_true_manifest(repo):
    mask = repo.mask(repo.of("train"))
    mask[0, 1] = 3
    repo.put_mask(repo.of("train"), mask, sealed=True)


@breach("is not what annotation {train.annotation} and the rules give")
def annotation_changed(repo):
    def smaller(task):
        task["annotations"][0]["regions"][0]["value"]["width"] = 5

    repo.task(repo.of("train"), smaller)


@breach("the annotation cannot be drawn (", "the label 'Lamp' is not in labels_map")
def label_that_is_none(repo):
    repo.task(repo.of("train"), lambda t: t["annotations"][0]["regions"][0].update(labels=["Lamp"]))


@breach("masks/{train.mask}: is not what annotation", "masks/{test.mask}: is not what annotation")
def rule_changed_and_not_built(repo):
    repo.params(multi_label_rules={"b": {"when": ["Canvas", "Obstruction"], "then": "Canvas"}})


@breach("masks/{train.mask}: no rule says what Canvas + Obstruction together become")
def rule_removed_and_not_built(repo):
    repo.params(multi_label_rules={})


@breach(
    "manifest.csv: the row of '{train.key}' says train; its group and split in params.yaml give"
)
def split_changed_and_not_built(repo):
    repo.params(split={"ratios": {"test": 1}})


@breach("manifest.csv: the row of '{train.key}' says annotator 77; data/annotations says 1")
def another_annotator(repo):
    repo.of("train")["annotator"] = 77
    repo.write()


@breach("manifest.csv: the row of '{train.key}' says updated_at 2001-01-01T00:00:00Z; data/annot")
def another_time(repo):
    repo.of("train")["updated_at"] = "2001-01-01T00:00:00Z"
    repo.write()


@breach("manifest.csv: the row of '{train.key}' names another group than 'image' gives")
def grouped_otherwise_than_params_say(repo):
    repo.params(split={**PARAMS["split"], "group_by": "image"})


@breach("manifest.csv: the row of '{train.key}' cannot be grouped: its data has no field 'room'")
def group_that_no_task_tells(repo):
    repo.params(split={**PARAMS["split"], "group_by": "room"})


@breach("manifest.csv: the row of '{train.key}' names another group than the digest of its image")
def another_group(repo):
    repo.of("train")["group"] = "x"
    repo.write()


@breach("scenes/{train.scene}: is not the image that was annotated, ")
def forged_scene_with_a_true_manifest(repo):
    repo.put_scene(repo.of("train"), repo.scene(repo.of("train")).rotate(180))


@breach("scenes/{train.scene}: its source ", " cannot be read: it is no image in a known format")
def source_destroyed(repo):
    forged_scene_with_a_true_manifest(repo)
    (repo.root / "data/images" / repo.of("train")["scene"]).write_text("x")


@breach("annotations/{train.key}.json: is missing")
def annotation_missing(repo):
    (repo.root / f"data/annotations/{repo.of('train')['key']}.json").unlink()


@breach("masks/{train.mask}: has another size than the image that was annotated")
def annotation_that_claims_a_huge_image(repo):
    repo.task(repo.of("train"), lambda t: t["image"].update(width=10**9, height=10**9))


@breach("{train.key}.json: is no stored task")
def annotation_of_other_kinds(repo):
    repo.task(repo.of("train"), lambda t: t["annotations"][0]["regions"][0].update(value=None))


@breach("{train.key}.json: is no stored task")
def annotation_damaged(repo):
    (repo.root / f"data/annotations/{repo.of('train')['key']}.json").write_text("{}")


@breach("annotations/{train.key}.json, task {train.task}: has no annotation that counts")
def annotation_skipped(repo):
    repo.task(repo.of("train"), lambda task: task["annotations"][0].update(was_cancelled=True))
