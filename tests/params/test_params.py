"""params.yaml: every problem is found, named with its place, and told together with the others."""

import copy
import math

import pytest
from dvc.utils.serialize import modify_yaml

from maskbench.errors import ParamsError
from maskbench.files.yaml import parse_yaml
from maskbench.params import (
    CombineParams,
    FetchParams,
    RasterizeParams,
    Rule,
    SplitParams,
    load_params,
    parse_params,
)
from tests.repositories import SAMPLE

FILE = SAMPLE / "params.yaml"

GOOD = {
    "fetch": {"server": None, "project": None, "folder": "data/sample", "snapshot": "one"},
    "labels_map": {"Ground": 0, "Wall": 1, "Door": 2, "Void": 255},
    "multi_label_rules": {"door_in_wall": {"when": ["Wall", "Door"], "then": "Door"}},
    "rasterize": {
        "annotation": ["annotator:7", "latest"],
        "overlap": "top",
        "all_touched": True,
        "brush_threshold": 1,
    },
    "combine": {"unmatched": "priority", "priority": ["Door", "Wall"], "mask_format": "tif"},
    "split": {"ratios": {"train": 0.5, "test": 0.5}, "group_by": "room", "salt": ""},
}


def changed(path, value):
    """GOOD with another value at the path; a path that ends in '-' removes."""
    raw = copy.deepcopy(GOOD)
    *parents, name = path.split(".")
    at = raw
    for parent in parents:
        at = at[parent]
    if name.endswith("-"):
        del at[name[:-1]]
    else:
        at[name] = value
    return raw


def problems(raw):
    with pytest.raises(ParamsError) as caught:
        parse_params(raw)
    assert all(problem.param for problem in caught.value.problems)
    return [str(problem).removeprefix("params.yaml: ") for problem in caught.value.problems]


def test_a_good_file_becomes_typed_values():
    params = parse_params(GOOD)
    assert params.fetch == FetchParams(None, (), "data/sample", "one")
    assert params.labels_map == {"Ground": 0, "Wall": 1, "Door": 2, "Void": 255}
    assert params.rules == (Rule("door_in_wall", frozenset({"Wall", "Door"}), "Door"),)
    assert params.rasterize == RasterizeParams(("annotator:7", "latest"), "top", True, 1)
    assert params.combine == CombineParams("priority", ("Door", "Wall"), "tif")
    assert params.split == SplitParams({"train": 0.5, "valid": 0.0, "test": 0.5}, "room", "")


def test_what_may_be_left_out_has_the_documented_values():
    raw = {
        "fetch": {"folder": "x"}, "labels_map": {"Ground": 0}, "multi_label_rules": None,
        "rasterize": {}, "combine": {}, "split": {},
    }  # fmt: skip
    params = parse_params(raw)
    assert params.rules == ()
    assert params.rasterize == RasterizeParams(("ground_truth", "latest"), "keep", False, 128)
    assert params.combine == CombineParams("error", (), "png")
    assert params.split.ratios == {"train": 0.7, "valid": 0.15, "test": 0.15}
    assert params.split.group_by is None


def test_aliases():
    aliases = {"Mauer": "Wall", "wall": "Wall", "Point": None}
    params = parse_params(changed("rasterize.label_aliases", aliases))
    assert params.rasterize.label_aliases == aliases
    assert parse_params(changed("rasterize.label_aliases", None)).rasterize.label_aliases == {}


@pytest.mark.parametrize(
    ("project", "projects"), [(3, (3,)), ([3, 1], (3, 1))], ids=["one", "several"]
)
def test_a_server_has_projects(project, projects):
    raw = changed("fetch", {"server": "https://ls.org/x/", "project": project, "folder": "f"})
    assert parse_params(raw).fetch == FetchParams("https://ls.org/x", projects, "f", "")


SERVER = {"server": "http://localhost:8080", "folder": "data/sample"}
LABELS = GOOD["labels_map"]


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        # fetch
        ("fetch-", None, "fetch: is missing"),
        ("fetch", None, "fetch: a mapping (name: value lines) is expected, not None"),
        ("fetch.folder-", None, "fetch.folder: is missing"),
        ("fetch.folder", "", "fetch.folder: text is expected, not ''"),
        ("fetch.folder", ["a"], "fetch.folder: text is expected, not ['a']"),
        ("fetch.serve", 1, "fetch.serve: unknown name; did you mean 'server'? known: folder,"),
        (
            "fetch.server",
            "https://ls.example/tool/projects/4/data?tab=1",
            "fetch.server: 'https://ls.example/tool/projects/4/data?tab=1' is a page of Label "
            "Studio; its address is https://ls.example/tool",
        ),
        ("fetch.server", "https://ab/user/me", "fetch.server: 'https://ab/user/me' is a page"),
        ("fetch.server", "https://ab/projects/", "fetch.server: 'https://ab/projects/' is a page"),
        ("fetch.server", "localhost:8080", "fetch.server: 'localhost:8080' is not an address"),
        ("fetch.server", "http://ls.org?x=y", "fetch.server: 'http://ls.org?x=y' is not an"),
        ("fetch.server", "http://a:s3cret@b", "fetch.server: the address holds a login; the key"),
        ("fetch.server", 8080, "fetch.server: text is expected, not 8080"),
        ("fetch.snapshot", 2026, "fetch.snapshot: text is expected, not 2026"),
        ("fetch", SERVER, "fetch.project: with a server, name a project id or a list of ids"),
        ("fetch", SERVER | {"project": [2, 2]}, "fetch.project: [2, 2] names a project twice"),
        ("fetch.missing_images", "ignore", "fetch.missing_images: 'ignore' is unknown; known: "),
        ("combine.scaling", "max", "combine.scaling: 'max' is neither range nor percentile nor"),
        ("combine.scaling", [5], "combine.scaling: [5] is neither range nor percentile nor two"),
        ("combine.scaling", [9, 5], "combine.scaling: [9, 5] is neither range nor percentile nor"),
        ("combine.scaling", [0, 2**32], "combine.scaling: [0, 4294967296] is neither range nor"),
        ("combine.scaling", {}, "combine.scaling: {} is neither range nor percentile nor two"),
        ("combine.scaling", [0, True], "combine.scaling: [0, True] is neither range nor percen"),
        ("combine.scaling", [0, 4095.0], "combine.scaling: [0, 4095.0] is neither range nor perc"),
        ("fetch.image_field", "second", "fetch.image_field: an image tag and the data field that"),
        ("fetch.image_field", {}, "fetch.image_field: an image tag and the data field that"),
        ("fetch.image_field", {"img2": 2}, "fetch.image_field.img2: text is expected, not 2"),
        ("fetch.private_hosts", "a.lan", "fetch.private_hosts: a list is expected, not 'a.lan'"),
        *(
            ("fetch.private_hosts", ["a.lan:9000", bad], f"fetch.private_hosts[1]: {bad!r} is no")
            for bad in ("http://a", "a/b", "a:0", "a:65536", "", "a b", "*.lan", "u@a", 7, None)
        ),
        ("fetch.project", "3", "fetch.project: '3' is not a project id (a number) or list of ids"),
        ("fetch.project", [1, True], "fetch.project: [1, True] is not a project id"),
        ("fetch.project", -1, "fetch.project: -1 is not a project id"),
        ("fetch.project", 0, "fetch.project: 0 is not a project id"),
        # labels_map
        ("labels_map-", None, "labels_map: is missing"),
        ("labels_map", ["Wall"], "labels_map: a mapping (name: value lines) is expected, not ['W"),
        ("labels_map.Lamp", 1, "labels_map.Lamp: the value 1 belongs to 'Wall' already"),
        ("labels_map.Lamp", 256, "labels_map.Lamp: 256 is not a mask value: 0…254, or 255 for"),
        ("labels_map.Lamp", -1, "labels_map.Lamp: -1 is not a mask value"),
        ("labels_map.Lamp", 1.0, "labels_map.Lamp: 1.0 is not a mask value"),
        ("labels_map.Lamp", True, "labels_map.Lamp: True is not a mask value"),
        ("labels_map.Lamp", "3", "labels_map.Lamp: '3' is not a mask value"),
        ("labels_map.Lamp", None, "labels_map.Lamp: None is not a mask value"),
        ("labels_map", LABELS | {7: 7}, "labels_map: the name 7 is not text: put it in quotes"),
        ("labels_map", LABELS | {"a\nb": 7}, "labels_map.a\\nb: a class name is one line of text"),
        ("labels_map", LABELS | {"a\u2028b": 7}, "labels_map.a\\u2028b: a class name is one line"),
        ("labels_map", LABELS | {" ": 7}, "labels_map. : a class name is one line of text"),
        ("labels_map.Ground", 9, "labels_map: no class has the value 0, which pixels without a"),
        # multi_label_rules
        ("multi_label_rules-", None, "multi_label_rules: is missing"),
        ("multi_label_rules", [{}], "multi_label_rules: a mapping (name: value lines) is expected"),
        ("multi_label_rules.r", None, "multi_label_rules.r: a mapping (name: value lines) is exp"),
        ("multi_label_rules.r", {"when": ["Wall"]}, "multi_label_rules.r.then: is missing"),
        ("multi_label_rules.r", {"then": "Wall"}, "multi_label_rules.r.when: is missing"),
        ("multi_label_rules.door_in_wall.then", "Dor", "multi_label_rules.door_in_wall.then: "
         "'Dor' is not in labels_map; did you mean 'Door'? known: Door, Ground, Void, Wall"),
        ("multi_label_rules.door_in_wall.then", 2, "multi_label_rules.door_in_wall.then: 2 is not"),
        ("multi_label_rules.door_in_wall.when", ["Wall", "wall", "Door"],
         "multi_label_rules.door_in_wall.when[1]: 'wall' is not in labels_map; did you mean 'Wall"),
        ("multi_label_rules.door_in_wall.when", "Wall", "multi_label_rules.door_in_wall.when: a l"),
        ("multi_label_rules.door_in_wall.when", [], "multi_label_rules.door_in_wall.when: a list"),
        ("multi_label_rules.door_in_wall.when", ["Door", "Door"],
         "multi_label_rules.door_in_wall.when: names a label twice"),
        ("multi_label_rules.door_in_wall.if", 1, "multi_label_rules.door_in_wall.if: unknown name"),
        ("multi_label_rules.other", {"when": ["Door", "Wall"], "then": "Wall"},
         "multi_label_rules.other.when: has the same labels as the rule 'door_in_wall'"),
        # rasterize
        ("rasterize-", None, "rasterize: is missing"),
        ("rasterize.annotation", "latest", "rasterize.annotation: a list is expected"),
        ("rasterize.annotation", [], "rasterize.annotation: a list is expected, not []"),
        ("rasterize.annotation", ["newest"], "rasterize.annotation[0]: 'newest' is unknown; "),
        ("rasterize.annotation", ["latest", "annotator:Ann"], "rasterize.annotation[1]: 'annotat"),
        ("rasterize.overlap", "smalest", "rasterize.overlap: 'smalest' is unknown; did you mean '"),
        ("rasterize.overlap", None, "rasterize.overlap: None is unknown"),
        ("rasterize.all_touched", "no", "rasterize.all_touched: true or false is expected, not 'n"),
        ("rasterize.all_touched", 0, "rasterize.all_touched: true or false is expected, not 0"),
        ("rasterize.brush_threshold", 0, "rasterize.brush_threshold: 0 is no alpha value from 1 t"),
        ("rasterize.brush_threshold", 256, "rasterize.brush_threshold: 256 is no alpha value"),
        ("rasterize.brush_threshold", 0.5, "rasterize.brush_threshold: 0.5 is no alpha value"),
        ("rasterize.treshold", 5, "rasterize.treshold: unknown name; did you mean 'brush_threshol"),
        ("rasterize.label_aliases", ["Wall"], "rasterize.label_aliases: a mapping (name: value"),
        ("rasterize.label_aliases", {7: "Wall"}, "rasterize.label_aliases: the name 7 is not text"),
        ("rasterize.label_aliases", {"Mauer": "Wal"}, "rasterize.label_aliases.Mauer: 'Wal' is not "
         "in labels_map; did you mean 'Wall'?"),
        ("rasterize.label_aliases", {"Mauer": ["Wall"]}, "rasterize.label_aliases.Mauer: ['Wall']"
         " is not in labels_map"),
        ("rasterize.label_aliases", {"Void": "Void"}, "rasterize.label_aliases.Void: stands"),
        ("rasterize.label_aliases", {"a": "b", "b": "Void"}, "rasterize.label_aliases.a: stands "
         "for 'b', which is an alias, too: name a class"),
        ("rasterize.label_aliases", {"Door": "Void"}, "multi_label_rules.door_in_wall.when: names "
         "'Door', which becomes 'Void' by rasterize.label_aliases"),
        ("rasterize.label_aliases", {"Door": None}, "combine.priority: names 'Door', which"),
        ("label_aliases", {"Mauer": "Wall"}, "label_aliases: belongs into the section rasterize"),
        # combine
        ("combine-", None, "combine: is missing"),
        ("combine.unmatched", "Walls", "combine.unmatched: 'Walls' is unknown; did you mean 'Wall"),
        ("combine.unmatched", ["Wall"], "combine.unmatched: ['Wall'] is unknown"),
        ("combine.priority", [], "combine.priority: unmatched: priority needs the labels here"),
        ("combine.priority", ["Door", "Dor"], "combine.priority[1]: 'Dor' is not in labels_map; d"),
        ("combine.priority", ["Door", "Door"], "combine.priority: names a label twice"),
        ("combine.priority", "Door", "combine.priority: a list is expected, not 'Door'"),
        ("combine.mask_format", "jpg", "combine.mask_format: 'jpg' is unknown; "),
        # quality
        ("quality", {"checks": {"sliver": 10**400}}, "quality.checks.sliver: 1000"),
        ("quality", {"checks": {"sliver": math.inf}}, "quality.checks.sliver: inf is not a"),
        # split
        ("split-", None, "split: is missing"),
        ("split.ratios", {"train": 0.7, "test": 0.2}, "split.ratios: they add up to 0.9, not to 1"),
        ("split.ratios", {"train": 1.5}, "split.ratios.train: 1.5 is not a share from 0 to 1"),
        ("split.ratios", {"train": -1, "test": 2}, "split.ratios.train: -1 is not a share"),
        ("split.ratios", {"train": "70%"}, "split.ratios.train: '70%' is not a share"),
        ("split.ratios", {"train": math.nan}, "split.ratios.train: nan is not a share"),
        ("split.ratios", {"train": True}, "split.ratios.train: True is not a share"),
        ("split.ratios", {"train": 1, "val": 0}, "split.ratios.val: unknown name; did you mean 'v"),
        ("split.ratios", [0.7, 0.3], "split.ratios: a mapping (name: value lines) is expected"),
        ("split.group_by", "", "split.group_by: text is expected, not ''"),
        ("split.group_by", {"colour": "red"}, "split.group_by: {field: …} or {choice: …} or {name"),
        ("split.group_by", {"file": "a.csv"}, "split.group_by: {field: …} or {choice: …} or {name"),
        ("split.group_by", {"name": "(a)", "field": "b"}, "split.group_by: {field: …} or {choice"),
        ("split.group_by", {"name": "(a)(b)"}, "split.group_by.name: '(a)(b)' has 2 groups; "),
        ("split.group_by", {"folder": "a["}, "split.group_by.folder: 'a[' is not a regular exp"),
        ("split.group_by", {"field": 5}, "split.group_by.field: text is expected, not 5"),
        ("split.published", "a.csv", "split.published: {field: …} or {choice: …} or {name: …} or "),
        ("split.published", {}, "split.published: {field: …} or {choice: …} or {name: …} or {fol"),
        ("split.salt", 5, "split.salt: text is expected, not 5"),
        ("split.exclude_accepted", ["tets"], "split.exclude_accepted[0]: 'tets' is unknown; "),
        ("split.seed", 5, "split.seed: unknown name; known: exclude_accepted, gro"),
    ],
)  # fmt: skip
def test_each_problem_is_named_with_its_place(path, value, message):
    assert any(found.startswith(message) for found in problems(changed(path, value)))


@pytest.mark.parametrize(
    "path", [f"{name}-" for name in GOOD if name != "labels_map"] + ["fetch.folder-"]
)
def test_what_is_missing_is_said_once(path):
    assert problems(changed(path, None)) == [f"{path[:-1]}: is missing"]


def test_all_wrong_shares_are_told_at_once():
    found = problems(changed("split.ratios", {"train": 2, "valid": "x", "test": 0.5}))
    assert found == [
        "split.ratios.train: 2 is not a share from 0 to 1",
        "split.ratios.valid: 'x' is not a share from 0 to 1",
    ]


@pytest.mark.parametrize("raw", [None, [], "text", 3])
def test_a_file_that_is_no_mapping_is_one_problem(raw):
    (problem,) = problems(raw)
    assert problem.startswith("(top level): a mapping (name: value lines) is expected")


def test_an_empty_labels_map_is_a_problem():
    (problem, *_) = problems(changed("labels_map", {}))
    assert problem.startswith("labels_map: no class has the value 0")


def test_all_problems_come_together():
    raw = changed("labels_map.Door", 1)
    raw["split"]["salt"] = 1
    raw["multi_label_rules"]["other"] = {"when": ["Wal", "Dor"], "then": "Ground"}
    raw["rasterize"]["overlap"] = "none"
    places = [problem.partition(": ")[0] for problem in problems(raw)]
    assert places == [
        "labels_map.Door",
        "multi_label_rules.other.when[0]",
        "multi_label_rules.other.when[1]",
        "rasterize.overlap",
        "split.salt",
    ]
    with pytest.raises(ParamsError, match=r"params\.yaml: 5 problems\n  - params\.yaml: labels"):
        parse_params(raw)


def test_other_sections_are_left_to_others():
    parse_params(GOOD | {"train": {"epochs": 5}})


def test_the_sample_s_file_is_good():
    params = load_params(FILE)
    assert params.labels_map["Background"] == 0
    assert {rule.name for rule in params.rules} >= {"obstructed_canvas", "nested_canvas"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a: [", r"params\.yaml cannot be read: line 1, column 5: "),
        (b"a: 1\na: 2\n", "line 2, column 1: found the key 'a' twice"),
        (b"a: \xff", "can't decode byte 0xff"),
        (None, "No such file"),
    ],
)
def test_a_file_that_cannot_be_read(tmp_path, content, message):
    if content is not None:
        (tmp_path / "params.yaml").write_bytes(content)
    with pytest.raises(ParamsError, match=message) as caught:
        load_params(tmp_path / "params.yaml")
    assert caught.value.exit_code == 2


def test_the_file_survives_dvc_exp_run_s_byte_for_byte(tmp_path):
    """DVC rewrites params.yaml for `-S`; comments, order and quotes must come back the same."""
    path = tmp_path / "params.yaml"
    path.write_bytes(FILE.read_bytes())
    with modify_yaml(str(path)) as raw:
        raw["rasterize"]["brush_threshold"] = 77
    assert load_params(path).rasterize.brush_threshold == 77
    with modify_yaml(str(path)) as raw:
        raw["rasterize"]["brush_threshold"] = parse_yaml(FILE.read_text())["rasterize"][
            "brush_threshold"
        ]
    assert path.read_bytes() == FILE.read_bytes()
