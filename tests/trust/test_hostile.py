"""Input from people who may not be trusted: names, YAML, XML, formulas. Each is harmless."""

import ast
import csv
import io
import json
import re
import shutil
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskbench.errors import DataError, ParamsError
from maskbench.files.csv import read_table, write_table
from maskbench.files.yaml import parse_yaml
from maskbench.labelstudio.export import TaskError, parse_task
from maskbench.labelstudio.folder import Folder
from maskbench.labelstudio.image_names import task_key
from maskbench.labelstudio.labeling import parse_labeling
from maskbench.params import parse_params
from maskbench.pipeline.fetch import fetch
from maskbench.pipeline.layout import Layout
from maskbench.pipeline.rasterize import rasterize
from maskbench.text import escape_formula, unescape_formula
from tests.exports import PARAMS, annotation, box, task, write_image
from tests.repositories import ROOT

# ---------------------------------------------------------------- names and paths

OUTSIDE = [
    "../secret.png",
    "../../../../etc/secret.png",
    "hall/../../secret.png",
    "..\\secret.png",
    "hall\\..\\..\\secret.png",
    "/data/upload/../../secret.png",
    "/data/upload/%2e%2e/%2e%2e/secret.png",
    "/data/local-files/?d=../secret.png",
    "/data/local-files/?d=%2e%2e%2fsecret.png",
    "/data/local-files/?d=..%5csecret.png",
    "file:///../secret.png",
    "https://host/../secret.png",
    "s3://bucket/../secret.png",
]

ABSOLUTE = [
    "{outside}/secret.png",
    "/data/local-files/?d={outside}/secret.png",
    "file://{outside}/secret.png",
    "C:\\secrets\\secret.png",
    "\\\\server\\share\\secret.png",
    "//server/share/secret.png",
    "linked.png",
    "linked/secret.png",
    "hard/../linked.png",
]

NAMES = [
    *OUTSIDE,
    "/etc/passwd.png",
    "CON.png",
    "aux",
    "nul.tar.png",
    "a:stream.png",
    "trailing. .png",
    "-rf.png",
    "$(touch x).png",
    "`touch x`.png",
    "a\nb.png",
    "a\0b.png",
    "\u202egnp.exe.png",
    "\ud800.png",
    "~root.png",
    "%s%n.png",
    ".git/config.png",
    "." * 300 + ".png",
    "x" * 5000 + ".png",
    "</script>.png",
]


@pytest.fixture
def export(tmp_path):
    """An export's folder with one image, and a secret beside it to which links lead."""
    write_image(tmp_path / "secret.png", seed=9)
    folder = tmp_path / "export"
    write_image(folder / "hall" / "wall.png")
    (folder / "linked.png").symlink_to(tmp_path / "secret.png")
    (folder / "linked").symlink_to(tmp_path, target_is_directory=True)
    (folder / "export.json").write_text("[]")
    return folder


@pytest.mark.parametrize("reference", [*OUTSIDE, *ABSOLUTE])
def test_no_reference_leads_out_of_the_export(export, reference):
    with pytest.raises(ValueError, match=r"climbs out|no image file below"):
        Folder(export).image(reference.format(outside=export.parent))


@pytest.mark.parametrize("name", NAMES)
def test_keys_hold_safe_characters_only(name):
    for reference in (name, f"/data/upload/1/0a1b2c3d-{name}", f"s3://bucket/{name}"):
        key = task_key(7, reference)
        assert re.fullmatch(r"000007(_[A-Za-z0-9]+)*", key)
        assert len(key) < 100


def params_for(folder, **more):
    labels = {"labels_map": {"Background": 0, "Canvas": 1}, "multi_label_rules": {}}
    return parse_params({**PARAMS, "fetch": {"folder": str(folder)}, **labels, **more})


def usable(name):
    """Whether a file of this name can exist here, to be found by a reference."""
    return len(name) < 200 and not set(name) & {"\0", "\ud800"}


def test_everything_that_fetch_writes_lies_in_its_folders(tmp_path):
    """Files with every odd name that a file can have, each named by a task."""
    folder, root = tmp_path / "export", tmp_path / "repo"
    folder.mkdir()
    root.mkdir()
    names = [name.replace("/", "_") for name in NAMES if usable(name)]
    tasks = []
    for number, name in enumerate(names, 1):
        write_image(folder / "image.png", seed=number)
        (folder / "image.png").rename(folder / f"{number:08x}-{name}")
        work = annotation(number, [box(["Canvas"], 1, 1, 50, 50)])
        tasks.append(task(number, work, image=f"/data/upload/1/{number:08x}-{quote(name)}"))
    (folder / "export.json").write_text(json.dumps(tasks))
    before = {path for path in tmp_path.rglob("*") if root not in path.parents}
    try:
        fetch(params_for(folder), Layout(root))
    except DataError as error:  # names that end like no image, or hold a backslash
        refused = {problem.task for problem in error.problems}
        assert 0 < len(refused) < len(names) / 2
        kept = [entry for entry in tasks if entry["id"] not in refused]
        (folder / "export.json").write_text(json.dumps(kept))
        fetch(params_for(folder), Layout(root))
    assert {path for path in tmp_path.rglob("*") if root not in path.parents} == before
    assert len(list((root / "data" / "images").iterdir())) > len(names) / 2
    for path in root.rglob("*"):
        assert re.fullmatch(r"[A-Za-z0-9_.-]+", path.name)


@pytest.mark.parametrize("number", ["../../x", "7", 1.5, True, None, [7], {"id": 7}, -1])
def test_task_ids_that_are_no_ids(number):
    with pytest.raises(TaskError):
        parse_task({**task(1), "id": number})


MOVING = [
    "\x1b[2J\x1b]0;x\x07",
    "\n  - task 9: forged",
    "\rx",
    "\u202e",
    "\u2028x",
    "\x9b2J",
    "\ud800",
]


@pytest.mark.parametrize("text", MOVING)
def test_names_in_messages_move_no_cursor_and_forge_no_line(tmp_path, text):
    """Region ids, labels and names of fields are told to a terminal, one problem a line."""
    drawn = {**box([f"Canvas{text}"], 1, 1, 50, 50), "id": f"r{text}"}
    write_image(tmp_path / "export/a.png")
    tasks = [task(1, annotation(1, [drawn]), image="a.png")]
    (tmp_path / "export/export.json").write_text(json.dumps(tasks))
    params, layout = params_for(tmp_path / "export"), Layout(tmp_path / "repo")
    fetch(params, layout)
    with pytest.raises(DataError) as drawing:
        rasterize(params, layout)
    tasks.append({**task(2, annotation(1, [drawn])), "data": {f"field{text}": "x"}})
    (tmp_path / "export/export.json").write_text(json.dumps(tasks))
    with pytest.raises(DataError) as fetching:
        fetch(params, layout)
    for error in (drawing.value, fetching.value):
        lines = str(error).split("\n")
        assert [line.startswith("  - ") for line in lines[:2]] == [False, True]
        assert not any(line.lstrip().startswith("-") for line in lines[2:])  # lines to paste
        assert all(line.isprintable() for line in lines)


# ---------------------------------------------------------------- YAML and XML


def laughs(merge):
    """Ten lines that stand for ten thousand million values."""
    lines = ["a: &a {k: x}" if merge else "a: &a [x]"]
    for old, new in zip("abcdefghi", "bcdefghij", strict=True):
        aliases = ", ".join([f"*{old}"] * 10)
        lines.append(f"{new}: &{new} " + (f"{{<<: [{aliases}]}}" if merge else f"[{aliases}]"))
    return "\n".join([*lines, "fetch: *j"])


@pytest.mark.parametrize(
    "text",
    [
        laughs(merge=False),
        laughs(merge=True),
        "a: &a [*a]",
        "a: !!python/object/apply:os.system ['touch x']",
        "a: !!python/name:os.system",
        "a: !!binary aGFsbG8=",
        "a: !include /etc/passwd",
        "a: !!set {x}",
        "!!python/module:os {}",
    ],
)
def test_yaml_that_is_more_than_text_is_refused(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    begin = time.process_time()
    try:
        with pytest.raises(ParamsError):
            parse_params(parse_yaml(text))
    except ValueError as error:
        assert len(str(error)) < 300
    assert time.process_time() - begin < 10
    assert not list(tmp_path.iterdir())


def test_no_xml_is_ever_parsed():
    """A labelling setup is XML; its entities cannot be expanded by what parses none."""
    for path in [*ROOT.glob("maskbench/**/*.py"), *ROOT.glob("stages/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert name.split(".")[0] not in {"xml", "lxml", "defusedxml", "bs4", "html5lib"}


def test_entities_in_a_setup_stay_text():
    setup = {
        "label": {
            "type": "PolygonLabels",
            "to_name": ["image"],
            "inputs": [{"type": "Image", "value": "&xxe;"}],
            "labels": ["&lol9;", "<!ENTITY xxe SYSTEM 'file:///etc/passwd'>"],
        }
    }
    found = parse_labeling(setup)
    assert found.labels == set(setup["label"]["labels"])
    assert found.fields == {"image": "&xxe;"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "labels", "to_name", "inputs", "value", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_setup_is_read_or_passed_over(parsed):
    parse_labeling(parsed)
    parse_labeling({"label": parsed})
    parse_labeling({"label": {"type": "BrushLabels", "inputs": parsed, "to_name": parsed}})


# ---------------------------------------------------------------- CSV

FORMULAS = [
    "=1+1", "=cmd|'/C calc'!A0", '=HYPERLINK("http://evil","x")', "+1+1", "-1+1", "@SUM(A1)",
    "\t=1+1", "\r=1+1", "\n=1+1", "'=1+1", "''=1", "\uff1d1+1", "\0=1",
]  # fmt: skip


@pytest.mark.parametrize("text", FORMULAS)
def test_formulas_are_text_to_a_spreadsheet_and_come_back(tmp_path, text):
    path = tmp_path / "table.csv"
    write_table(path, ("label", "pixels"), [{"label": text, "pixels": -5}])
    [_, [cell, number]] = list(csv.reader(io.StringIO(path.read_bytes().decode(), newline="")))[:2]
    assert cell == f"'{text}"
    assert number == "-5"
    assert read_table(path) == [{"label": text, "pixels": "-5"}]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back(text):
    written = escape_formula(text)
    assert unescape_formula(written) == text
    assert not re.match(r"[=+\-@\t\r\n]", written)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=4))
def test_no_text_makes_rows_or_columns_of_its_own(texts):
    folder = Path(tempfile.mkdtemp())
    try:
        rows = [{"group": text, "key": str(i)} for i, text in enumerate(texts)]
        write_table(folder / "table.csv", ("group", "key"), rows)
        assert read_table(folder / "table.csv") == rows
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize("text", ["", "wall", "'t Hooft", "''", "a=b", " x", "1e5", "Ä", "{}"])
def test_harmless_text_is_written_as_it_is(text):
    assert escape_formula(text) == text
