"""The files of a new repository, by path: templates, and what is filled in."""

from collections.abc import Mapping
from importlib.resources import files as resources
from string import Template

from maskbench.init.summary import Proposal

CLIENTS = {"azure": "dvc-azure", "gs": "dvc-gs", "s3": "dvc-s3", "ssh": "dvc-ssh"}
"""DVC's client by scheme of a remote's address."""

LOCK = "requirements.lock"
_CLIENT_LOCKS = {f"clients/{client}.lock": f"{client}.lock" for client in CLIENTS.values()}
LOCKS = (LOCK, *_CLIENT_LOCKS)
"""Libraries with their hashes, by path."""
STAGES = {
    **{name: f"maskbench.pipeline.{name}" for name in ("fetch", "rasterize", "combine", "split")},
    "quality": "maskbench.quality.stage",
}
"""Module by stage."""

UPGRADED = {
    ".dvc/plots/balance.json": "plot_balance.json",
    ".dvc/plots/combinations.json": "plot_combinations.json",
    ".dvc/plots/confusion.json": "plot_confusion.json",
    ".github/workflows/refresh-labels.yml": "refresh-labels.yml",
    ".github/workflows/review.yml": "review.yml",
    "Makefile": "Makefile",
    LOCK: LOCK,
    **_CLIENT_LOCKS,
    "scripts/refresh_labels.sh": "refresh_labels.sh",
}
"""Template by path of the files that ``maskbench init --upgrade`` replaces, except stages."""

_ONCE = {
    ".dvcignore": "dvcignore",
    ".gitattributes": "gitattributes",
    ".gitignore": "gitignore",
    "tests/test_dataset.py": "test_dataset.txt",
}
"""Template by path of files that belong to the team once they are written."""

_FOLDER_DEPENDENCY = "    deps:\n    - ${fetch.folder}\n"


def template(name: str) -> str:
    """Return the text of a template."""
    return resources("maskbench.init").joinpath("template", name).read_text(encoding="utf-8")


def upgraded_files(has_server: bool) -> dict[str, str]:
    """Return the texts by path of stages, workflows, Makefile and locks.

    Args:
        has_server: Labels come from a server: *fetch* depends on no folder.
    """
    stage = Template(template("stage.txt"))
    pipeline = template("dvc.yaml")
    if has_server:
        pipeline = pipeline.replace(_FOLDER_DEPENDENCY, "")
    return {
        "dvc.yaml": pipeline,
        **{f"stages/{n}.py": stage.substitute(stage=n, module=m) for n, m in STAGES.items()},
        **{path: template(name) for path, name in UPGRADED.items()},
    }


def new_files(has_server: bool) -> dict[str, str]:
    """Return the texts by path of all files that do not depend on the labels.

    Args:
        has_server: Labels come from a server.
    """
    once = {path: template(name) for path, name in _ONCE.items()}
    return {**upgraded_files(has_server), **once}


def extras(remote: str | None) -> str:
    """Return the text of ``extras.txt``, with the client that the remote needs."""
    client = CLIENTS.get((remote or "").partition("://")[0])
    return template("extras.txt") + (f"-r clients/{client}.lock\n" if client else "")


_FROM_SERVER = """The labels come from the Label Studio project {project} at {server}, and are kept
as fetched: DVC has `data/annotations` and `data/images`, so that no clone needs the server.
`maskbench refresh` asks it for new labels; put your key into `.env` first (git ignores that file):
`echo 'LABEL_STUDIO_API_KEY=your-key' >> .env`. The workflow *Refresh labels* does it every night
once the repository's variable `LABEL_STUDIO_URL` and secret `LABEL_STUDIO_API_KEY` are set."""

_FROM_FOLDER = """`data/inputs` holds the Label Studio exports (`*.json`, in git) and their images
(`data/inputs/images`, by DVC). To change them, put files there, then run
`dvc add data/inputs/images`, `git add data/inputs` and `dvc repro`.
A clone gets them by `dvc pull`; the folder they came from is not needed.
`maskbench doctor` names an input that neither git nor DVC tracks."""


def card(name: str, found: str, proposal: Proposal, fetch: Mapping[str, object]) -> str:
    """Return the README: a dataset card.

    Args:
        name: The benchmark's name.
        found: What was found in the source, one sentence.
        proposal: The classes.
        fetch: The section ``fetch`` of the params.
    """
    rows = (f"| {_cell(label)} | {value} |" for label, value in proposal.labels_map.items())
    inputs = _FROM_SERVER.format(**fetch) if "server" in fetch else _FROM_FOLDER
    return Template(template("README.md")).substitute(
        name=name, found=found, classes="\n".join(rows), inputs=inputs
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
