"""docs/messages.md explains each message of the code, and nothing else."""

import ast
import json
import re

import pytest

from collect_messages import Message, collect, messages_in
from maskbench.doctor.checkup import check_up
from maskbench.doctor.findings import WARNING
from maskbench.labelstudio.labeling import compare_labels
from maskbench.params import Rule
from maskbench.pipeline.combine import combine
from maskbench.pipeline.fetch import fetch
from maskbench.pipeline.layout import Layout
from maskbench.pipeline.rasterize import rasterize
from maskbench.pipeline.split import split
from scripts.messages import (
    DOCUMENT,
    Entry,
    document,
    explain,
    faults,
    read_catalogue,
)
from tests.exports import (
    annotation,
    box,
    polygon,
    simple_tasks,
    task,
    write_export,
    write_wide_image,
)
from tests.pipeline.test_build import params
from tests.pipeline.test_never_wrong import BOTH, point, unlabelled


def test_every_message_is_explained_and_the_page_is_up_to_date():
    entries = read_catalogue()
    explained = explain(collect(), entries)
    assert faults(explained, entries) == []
    assert DOCUMENT.read_text(encoding="utf-8") == document(explained), "run `make messages`"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("raise DataError(f'{n} of them are odd')", ["… of them are odd"]),
        ("yield Problem(what, 'file')", ["one or another thing", "or something else"]),
        ("problems.append(f'holds the value {n}')", ["holds the value …"]),
        ("check.add('a.b', f'{counted(n, \"line\")} too many here')", ["… line too many here"]),
        ("return Finding(ERROR, 'the key is old', 'make one')", ["the key is old"]),
        ("raise ValueError(f'is damaged here; {CURE}')", ["is damaged here; run `it` again"]),
        ("print('no message at all')", []),
        ("print(f'warning: {n} of them look odd')", ["warning: … of them look odd"]),
        ("warnings.warn(f'{n} of them look odd')", ["… of them look odd"]),
        ("self.notes.append(f'{n} of them look odd')", ["… of them look odd"]),
        ("notes = [f'{n} of them look odd' for n in (1, 2)]", ["… of them look odd"]),
        ("yield Problem(what + str(n), 'file')", ["one or another thing…", "or something else…"]),
        ("raise ValueError(made or f'this is no {n}')", ["this is no …"]),
        ("raise ValueError(f'{n}; run it')", []),
    ],
)
def test_what_counts_as_a_message(code, expected):
    module = f"""
CURE = "run `it` again"

def function(n):
    what = "one or another thing" if n else "or something else"
    {code}
"""
    assert sorted(set(messages_in(ast.parse(module)))) == expected


@pytest.mark.parametrize("words", ["str", "list[str]", "str | None", "tuple[str, str] | None"])
def test_what_functions_say(words):
    module = f"def describe(n) -> {words}:\n    return f'{{n}} of them look odd'"
    assert list(messages_in(ast.parse(module))) == ["… of them look odd"]


def test_which_entry_explains_a_message():
    short, long, idle = Entry("odd", "a", "b"), Entry("odd thing", "c", "d"), Entry("zzz", "e", "f")
    messages = [
        Message("a.py", "an odd thing here"),
        Message("a.py", "an odd one here"),
        Message("a.py", "is missing here; run `dvc pull`"),
        Message("a.py", "nobody explains this"),
    ]
    explained = explain(messages, [short, long, idle])
    own = Entry(messages[2].text, "Is missing here.", "Run `dvc pull`.")
    assert list(explained.values()) == [long, short, own, None]
    assert faults(explained, [short, long, idle]) == [
        "a.py: no entry explains: nobody explains this",
        "no message has the text: zzz",
    ]


def known(text, messages):
    """Whether a text is one of the messages, with something in each place that changes."""
    patterns = (".*".join(map(re.escape, message.text.split("…"))) for message in messages)
    counts = re.compile(r"(?<=\.\*)(\\ \w+)(?=\\ )")  # the noun may be in the plural
    return any(re.match(counts.sub(r"\1s?", pattern), text) for pattern in patterns)


def write_odd_exports(folder):
    """Everything at once that is worth a warning, and nothing that stops a build."""
    wide = task(4, annotation(4, [box(["Canvas"], 0, 0, 50, 50)]), image="wide.tif")
    write_wide_image(folder / "wide.tif", 0, 249)
    off = box(["Canvas"], 50, 50, 120, 90, number=1)
    slips = [off, polygon([], [[1, 1], [9, 1], [9, 9]], number=2), point(3)]
    missing = task(5, annotation(5, [off]), image="gone.png")
    tasks = [*simple_tasks(2), task(3, annotation(3, slips)), wide, missing]
    tasks += [task(6, annotation(6, [unlabelled(1)])), task(7, annotation(7, BOTH))]
    write_export(folder, [t for t in tasks if t["id"] not in (4, 5)], name="new.json")
    (folder / "new.json").write_text(json.dumps([*tasks, tasks[0]]))
    write_export(folder, [task(1, annotation(1, [], hour=7)), task(8)], name="old.json")
    (folder / "upload/1/00000002-scene_2.png").write_bytes(
        (folder / "upload/1/00000001-scene_1.png").read_bytes()
    )
    entry = {"id": 9, "image": "upload/1/00000003-scene_3.png", "annotator": 2}
    (folder / "min.json").write_text(json.dumps([entry | {"annotation_id": 9, "updated_at": "x"}]))
    (folder / "notes.json").write_text('{"categories": [], "info": {}}')


def test_every_warning_of_doctor_and_stages_is_explained(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".dvc").mkdir()
    write_odd_exports(tmp_path / "source")
    source = {"folder": "source", "missing_images": "skip"}
    rules = {"void": {"when": ["Canvas", "Obstruction"], "then": "Background"}}
    settings = params("source", fetch=source, multi_label_rules=rules)
    found = [f for f in check_up(settings, Layout(), None) if f.level == WARNING]
    told = [f.what or f.problems[0].what for f in found]
    for stage in (fetch, rasterize, combine, split):
        told += stage(settings, Layout()).split(" — ")[1:]
    lines = capsys.readouterr().err.splitlines()
    told += [line.removeprefix("warning: ") for line in lines if line.startswith("warning: ")]
    assert len(set(told)) == 14
    messages = collect()
    assert [text for text in told if not known(text, messages)] == []


def test_every_warning_about_the_labelling_setup_is_explained():
    rule = Rule("both", frozenset({"Canvas", "Plant"}), "Both")
    found = compare_labels({"Canvas", "Lamp"}, {"Background": 0, "Canvas": 1, "Plant": 2}, [rule])
    assert len(found) == 2
    entries = read_catalogue()
    for problem in found:
        assert any(entry.text in problem.what for entry in entries)
