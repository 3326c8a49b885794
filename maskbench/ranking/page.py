"""Write a ranking's page: the batch as a table, then the pictures of each image."""

from dataclasses import replace
from functools import partial
from pathlib import Path

from maskbench.files.atomic import write_text
from maskbench.pages.data import class_entries, remove_older
from maskbench.pages.tables import Cell, Table
from maskbench.pages.template import render
from maskbench.parallel.run import progress, run_all
from maskbench.params import FetchParams
from maskbench.ranking.model import Ranked, Ranking
from maskbench.ranking.pictures import NamedImage, draw_ranked, picture_kinds
from maskbench.ranking.report import TEXT_COLUMNS, detail_names, details, heading, score_text

_WORDS = {
    "model": "what the model says",
    "other-model": "what the other model says",
    "labels": "what the labels say",
}
_WHERE = {
    "disagreement": "where they disagree",
    "rarity": "where rare classes are predicted",
    "iou": "where they differ",
    "boundary": "where they differ",
    "contradicted": "where a confident model contradicts",
}


def write_page(folder: Path, ranking: Ranking, fetch: FetchParams) -> None:
    """Write the page of the batch; an older page there is replaced.

    Args:
        folder: Where ``index.html`` and ``images/`` go.
        ranking: The ranking.
        fetch: For links to tasks.
    """
    remove_older(folder)
    kinds = picture_kinds(ranking.first[0].files)
    drawn = [NamedImage(f"{i:05d}", image) for i, image in enumerate(ranking.first)]
    draw = partial(draw_ranked, folder, replace(ranking, images=()))  # each worker gets a copy
    for _ in progress(run_all(draw, drawn, "page"), len(drawn), "page"):
        pass
    page = render(
        "ranking/page.html",
        f"{heading(ranking)} · maskbench rank",
        {},
        heading="Labels to look at again" if ranking.is_labelled else "What to label next",
        verdict=heading(ranking),
        notes=ranking.notes,
        table=_table(ranking, fetch),
        classes=class_entries(ranking.classes)[1:],
        kinds=[(kind, _words(kind, ranking)) for kind in kinds],
        images=[_image(each, place, fetch) for place, each in enumerate(drawn, 1)],
    )
    write_text(folder / "index.html", page)


def _words(kind: str, ranking: Ranking) -> str:
    return _WORDS.get(kind) or _WHERE.get(ranking.by, "where it is uncertain")


def _table(ranking: Ranking, fetch: FetchParams) -> Table:
    names = ("place", "image", "task", "score", *detail_names(ranking))
    rows = [_row(image, place, ranking, fetch) for place, image in enumerate(ranking.first, 1)]
    return Table("The batch", names, rows, [name not in TEXT_COLUMNS for name in names])


def _row(image: Ranked, place: int, ranking: Ranking, fetch: FetchParams) -> list[Cell]:
    link = fetch.task_link(image.task, image.project) or ""
    return [
        Cell(str(place)),
        Cell(image.key, f"#image-{place}", is_heading=True),
        Cell(str(image.task), link),
        Cell(score_text(image.score), bar=image.score),
        *(Cell(text) for text in details(image, ranking)),
    ]


def _image(drawn: NamedImage, place: int, fetch: FetchParams) -> dict[str, object]:
    image = drawn.image
    return {
        "id": f"image-{place}",
        "file": f"images/{drawn.name}",
        "place": place,
        "key": image.key,
        "task": image.task,
        "score": score_text(image.score),
        "link": fetch.task_link(image.task, image.project),
    }
