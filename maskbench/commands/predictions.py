"""Push a model's masks into Label Studio, for annotators to correct.

FOLDER has one file for each image, named by its key: <key>.png, .tif or .npy with class values, or
probabilities as <key>.npy or .npz (classes first or last), whose highest value for each pixel,
averaged over the image, becomes the score. Classes become polygons (outlines within --tolerance
pixels) or brush strokes (exact). A class that a rule makes is drawn with the labels of the rule.
Pushing a model version again replaces its predictions for these tasks. If a push stops, run the
same command again to continue.

  maskbench predictions tasks images        write the images of tasks without annotations
  maskbench predictions push masks --model-version round-1 --show
  maskbench predictions push masks --model-version round-1 --as brush --dry-run
  maskbench predictions list
  maskbench predictions delete --model-version round-1

Server, project and key are those that fetch uses.
"""

import math
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from maskbench.params import Params
    from maskbench.pipeline.layout import Layout

EXIT_STATUS = {
    3: "the server fails or refuses",
    4: "predictions have problems, or some did not arrive",
}


def configure(parser: ArgumentParser) -> None:
    """Add the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    push = actions.add_parser("push", help="send the predictions of a folder")
    push.add_argument("folder", metavar="FOLDER", type=Path)
    push.add_argument("--model-version", metavar="NAME", type=_name, required=True)
    push.add_argument(
        "--as",
        dest="kind",
        choices=("polygon", "brush"),
        help="default: polygon where the setup offers it",
    )
    push.add_argument(
        "--tolerance",
        type=_distance,
        default=1.0,
        metavar="PIXELS",
        help="how far outlines may lie from the pixels' borders; default: %(default)s",
    )
    push.add_argument("--show", action="store_true", help="show this model version to annotators")
    push.add_argument("--dry-run", action="store_true", help="check and count, send nothing")
    tasks = actions.add_parser("tasks", help="write the images of tasks without annotations")
    tasks.add_argument("folder", metavar="FOLDER", type=Path)
    tasks.add_argument("--annotated", action="store_true", help="also those of annotated tasks")
    actions.add_parser("list", help="list the model versions and their predictions")
    delete = actions.add_parser("delete", help="delete all predictions of a model version")
    delete.add_argument("--model-version", metavar="NAME", type=_name, required=True)


def run(args: Namespace) -> int:
    """Do what was asked for; returns the exit status."""
    from maskbench.params import load_params
    from maskbench.pipeline.layout import Layout, find_root

    layout = Layout(find_root(Path()))
    print(_ACTIONS[args.action](args, load_params(layout.params), layout))
    return 0


def _push(args: Namespace, params: "Params", layout: "Layout") -> str:
    from maskbench.predictions.push import PushOptions, push

    names = ("kind", "tolerance", "show", "dry_run")
    options = PushOptions(args.model_version, **{name: getattr(args, name) for name in names})
    return push(params, layout, args.folder, options)


def _tasks(args: Namespace, params: "Params", layout: "Layout") -> str:
    from maskbench.predictions.tasks import write_images
    from maskbench.text import counted

    count = write_images(params, layout, args.folder, args.annotated)
    return f"{args.folder}: {counted(count, 'image')}, named by key; tasks.csv lists their tasks"


def _list(_args: Namespace, params: "Params", layout: "Layout") -> str:
    from maskbench.predictions.versions import list_versions

    return list_versions(params, layout)


def _delete(args: Namespace, params: "Params", layout: "Layout") -> str:
    from maskbench.predictions.versions import delete_version

    return delete_version(params, layout, args.model_version)


_ACTIONS = {"push": _push, "tasks": _tasks, "list": _list, "delete": _delete}


def _name(word: str) -> str:
    if not word.strip():
        raise ArgumentTypeError("a model version needs a name")
    return word


def _distance(word: str) -> float:
    try:
        distance = float(word)
    except ValueError:
        distance = math.nan
    if not 0 <= distance < math.inf:
        raise ArgumentTypeError(f"{word!r} is not a distance in pixels, 0 or more")
    return distance
