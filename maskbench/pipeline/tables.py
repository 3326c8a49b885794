"""Read the table of masks, and check that DVC notices changes of tables in ``params.yaml``."""

import csv
from pathlib import PurePosixPath

from maskbench.errors import DataError, Problem
from maskbench.files.csv import read_table
from maskbench.files.yaml import parse_yaml
from maskbench.pipeline.layout import Layout


def read_combined(layout: Layout) -> list[dict[str, str]]:
    """Read ``data/combined.csv``, a row for each mask: its key, annotation and digest at least.

    Raises:
        DataError: It is damaged, such as by a spreadsheet that saved it in its own form.
    """
    try:
        rows = read_table(layout.combined)
        for row in rows:  # an error here, not in those who read the rows
            _ = row["key"], int(row["annotation"]), row["mask_sha256"]
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        what = f"cannot be read ({error!r}); run `dvc checkout -f combine`"
        raise DataError(
            "the table of masks is damaged", [Problem(what, str(layout.combined))]
        ) from None
    return rows


def undeclared(layout: Layout, stage: str, name: str | None, param: str) -> list[Problem]:
    """Return a problem if DVC would not notice a change of a table or folder.

    Args:
        layout: The repository.
        stage: The stage that reads it.
        name: Its path within the repository; None if the stage reads none.
        param: The YAML path of the parameter that names it.
    """
    dvc_yaml = layout.root / "dvc.yaml"
    if name is None or not dvc_yaml.is_file():
        return []
    try:
        deps = parse_yaml(dvc_yaml.read_text(encoding="utf-8"))["stages"][stage]["deps"]
        declared = {str(PurePosixPath(str(dep))) for dep in deps}
    except (OSError, ValueError, TypeError, LookupError):
        return []  # DVC itself says what is wrong with it
    parents = {str(parent) for parent in PurePosixPath(name).parents}
    if declared & {str(PurePosixPath(name)), f"${{{param}}}", *parents}:
        return []
    what = (
        f"the stage {stage} has to depend on {name}, so that `dvc repro` notices its changes: put "
        f"the line `- {name}` below stages: {stage}: deps:"
    )
    return [Problem(what, "dvc.yaml", param=param)]
