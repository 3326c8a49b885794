"""List the code that shapes the bytes of each stage: files and rooms within ``maskbench/``.

A change of this code runs the stage again, in two ways:

- DVC runs the stage: ``dvc.yaml`` has the same lists as ``deps`` (a test compares them). Only
  *fetch* is pinned and has no code among them.
- The stage makes all of its files again, *fetch* too: :mod:`maskbench.pipeline.incremental` records
  a digest of this code with each run.

A new module that shapes bytes goes into both. Modules that shape none are left out: ``parallel``
(spreads the work), ``pipeline/layout`` (names files), ``pipeline/pin`` and ``pipeline/run`` (start
a stage), ``regions/proposals`` and ``errors`` (word messages). *rasterize* does not list
``regions/rules`` and ``regions/consensus``: ``regions/build`` imports them for whole masks only,
which *rasterize* never makes.
"""

STAGE_CODE = {
    "fetch": (
        "files",
        "labelstudio",
        "params",
        "pipeline/fetch.py",
        "pipeline/fetch_report.py",
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
        "evaluation/predictions.py",
        "files",
        "labelstudio/stored.py",
        "params",
        "pipeline/combine.py",
        "pipeline/combine_report.py",
        "pipeline/incremental.py",
        "pipeline/tables.py",
        "predictions/folder.py",
        "quality",
        "regions",
        "text.py",
    ),
}
"""Files and folders by stage, sorted."""
