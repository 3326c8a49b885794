"""Make the sample, in tests/sample and data/sample: paint, annotate in a Label Studio, export.

    python scripts/import_sample.py

Starts a Label Studio of its own (see `label_studio.py`), lets two people annotate through the
API, and keeps the JSON export as the server sends it. Ids, upload names and times are new in
each run; so this is run when the scenes change, and its result is committed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from label_studio import Server
from label_studio_api import Api
from sample.annotations import Json, label_config, result
from sample.catalogue import scenes
from sample.folder import SAMPLE, SHIPPED, image_path, scene_for
from sample.scene import Scene

SECOND_USER = "reviewer@example.com"


@dataclass(frozen=True)
class Annotators:
    """Two people who work on the sample."""

    first: Api
    second: Api


def fill(project: int, people: Annotators, files: Path) -> None:
    """Bring all scenes into the project, and annotate each as its `case` says."""
    for scene in scenes():
        if not scene.local:
            _upload(project, people.first, scene)
    for place in sorted({scene.file.partition("/")[0] for scene in scenes() if scene.local}):
        people.first.add_local_files(project, files / place)
    for task in people.first.tasks(project):
        reference = task["data"]["image"]
        scene = scene_for(reference)
        people.first.patch_task(task["id"], {"image": reference, "room": scene.place})
        _annotate(task["id"], scene, people)


def write_local(files: Path) -> None:
    """Write the images that a local-files storage serves."""
    for scene in scenes():
        if scene.local:
            (files / scene.file).parent.mkdir(parents=True, exist_ok=True)
            (files / scene.file).write_bytes(scene.encoded())


def _upload(project: int, api: Api, scene: Scene) -> None:
    imported = scene.case == "imported"
    paths = api.upload_images(project, {scene.file: scene.encoded()}, tasks=not imported)
    if imported:
        data = {"image": f"/data/{paths[scene.file]}", "room": scene.place}
        # Label Studio takes imported annotations for ground truth unless told otherwise.
        annotation: Json = {"result": result(scene), "lead_time": _seconds(result(scene))}
        api.import_tasks(project, [{"data": data, "annotations": [annotation]}])


def _annotate(task: int, scene: Scene, people: Annotators) -> None:
    """Annotate a scene as its case says; the one that counts has the scene's own outlines."""
    first, second, drawn = people.first, people.second, result(scene)
    seconds = _seconds(drawn)
    if scene.case in ("plain", "empty"):
        api = second if scene.place == "hall" else first
        api.annotate(task, drawn, lead_time=seconds)
    elif scene.case == "ground truth, then another":
        second.annotate(task, drawn, lead_time=seconds, ground_truth=True)
        first.annotate(task, result(scene, 3.0, skip=1), lead_time=seconds / 2)
    elif scene.case == "corrected later":
        first.annotate(task, result(scene, 4.0), lead_time=seconds / 3)
        second.annotate(task, drawn, lead_time=seconds)
    elif scene.case == "skipped":
        first.annotate(task, drawn, lead_time=4.0, was_cancelled=True)
    elif scene.case == "skipped by the second":
        first.annotate(task, drawn, lead_time=seconds)
        second.annotate(task, [], lead_time=2.5, was_cancelled=True)
    elif scene.case == "unlabelled":
        first.predict(task, result(scene, 5.0), "detector-0.1", 0.61)


def _seconds(drawn: list[Json]) -> float:
    """Return a plausible working time: two seconds per point, five for any other region."""
    return 3.0 + sum(2.0 * len(item["value"].get("points", ())) or 5.0 for item in drawn)


def keep(export: bytes, server: Server, files: Path, sample: Path) -> None:
    """Store the export, and beside it the images under the paths that the export refers to."""
    text = export.decode("utf-8")
    if "@" in text:
        raise SystemExit("the export holds an e-mail address; nothing was stored")
    if (sample / "images").is_dir():
        shutil.rmtree(sample / "images")
    for reference in sorted(set(_references(export))):
        path = image_path(reference)
        source = server.data_dir / "media" if path.startswith("upload/") else files
        target = sample / "images" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / path, target)
    (sample / "export.json").write_bytes(export)


def _references(export: bytes) -> list[str]:
    return [str(task["data"]["image"]) for task in json.loads(export)]


def build(samples: list[Path]) -> bytes:
    """Run the import in a scratch folder; store the result in all samples; return the export."""
    with tempfile.TemporaryDirectory() as scratch:
        files = Path(scratch) / "files"
        write_local(files)
        with Server.start(Path(scratch) / "server", document_root=files) as server:
            first = Api(server.url, server.legacy_token)
            second = first.invite(SECOND_USER, server.password)
            project = first.create_project("maskbench sample", label_config())
            fill(project, Annotators(first, second), files)
            export = first.export(project)
            for sample in samples:
                keep(export, server, files, sample)
    return export


def main(argv: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(description="Make the sample by a real Label Studio.")
    both = [SAMPLE, SHIPPED]
    folders = " ".join(map(str, both))
    parser.add_argument(
        "--sample", type=Path, nargs="+", default=both, help=f"folders (default: {folders})"
    )
    args = parser.parse_args(argv)
    export = build(args.sample)
    print(f"{len(_references(export))} tasks, export of {len(export):,} bytes, in {args.sample[0]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
