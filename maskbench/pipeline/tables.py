"""Check that DVC notices changes of the tables and folders that ``params.yaml`` names."""

from pathlib import PurePosixPath

from maskbench.errors import Problem
from maskbench.files.yaml import parse_yaml
from maskbench.pipeline.layout import Layout


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
