"""Which code of the package shapes what a stage writes: files and rooms within ``maskbench/``.

``dvc.yaml`` names the same as dependencies of *rasterize*, *combine* and *split* (a test compares
them), so that DVC runs a stage again when its code changes, and a stage makes again what other code
made. *fetch* is pinned: it declares no code, but parses tasks again that other code parsed.

Left out are modules that shape no byte: ``parallel`` (how work is spread), ``pipeline/layout``
(where files lie), ``pipeline/pin`` and ``pipeline/run`` (how a stage is started) and ``errors``.
``regions/build`` imports ``regions/rules`` and ``regions/consensus`` for whole masks; *rasterize*
never calls these: they are not in its list.
"""

STAGE_CODE = {
    "fetch": (
        "files",
        "labelstudio",
        "params",
        "pipeline/fetch.py",
        "pipeline/incremental.py",
        "pipeline/same_image.py",
        "pipeline/sources.py",
        "regions",
    ),
    "rasterize": (
        "files",
        "labelstudio/stored.py",
        "params",
        "pipeline/annotators.py",
        "pipeline/incremental.py",
        "pipeline/rasterize.py",
        "pipeline/tables.py",
        "regions/build.py",
        "regions/coordinates.py",
        "regions/draw.py",
        "regions/label_set.py",
        "regions/rasterize.py",
        "regions/report.py",
        "regions/shapes.py",
        "regions/strokes.py",
        "regions/task.py",
        "regions/vectors.py",
        "text.py",
    ),
    "combine": (
        "files",
        "params",
        "pipeline/combine.py",
        "pipeline/combine_report.py",
        "pipeline/incremental.py",
        "regions/consensus.py",
        "regions/label_set.py",
        "regions/rasterize.py",
        "regions/rules.py",
        "text.py",
    ),
    "split": (
        "files",
        "labelstudio/image_names.py",
        "labelstudio/stored.py",
        "params",
        "pipeline/grouping.py",
        "pipeline/incremental.py",
        "pipeline/published.py",
        "pipeline/split.py",
        "pipeline/splits.py",
        "pipeline/tables.py",
        "regions/task.py",
        "text.py",
    ),
    "quality": (
        "evaluation/boundary.py",
        "evaluation/confusion.py",
        "evaluation/figures.py",
        "files",
        "labelstudio/stored.py",
        "params",
        "pipeline/combine.py",
        "pipeline/combine_report.py",
        "pipeline/incremental.py",
        "quality",
        "regions",
        "text.py",
    ),
}
"""Sorted files and folders by stage."""
