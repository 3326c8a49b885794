"""Put a ranking's batch into Label Studio: scores of predictions, and a view that sorts by them.

The Data Manager can sort by the score of a prediction; anything else that could hold the order
would change the task's data. So the batch's predictions of the version that the project shows get
scores that give their place, the first the lowest. These are lower than the scores of all other
tasks, so that a project with "Uncertainty sampling", which opens low scores first, also begins with
the batch.
"""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

from maskbench.errors import CommandError, DataError, MaskbenchError, Problem
from maskbench.labelstudio.server.errors import NotThereError
from maskbench.labelstudio.server.views import MOST, find_view, save_view
from maskbench.parallel.run import progress
from maskbench.params import Params
from maskbench.pipeline.layout import Layout
from maskbench.predictions.server import ProjectPredictions
from maskbench.predictions.tasks import open_server
from maskbench.ranking.model import Ranked, Ranking
from maskbench.text import counted, some

UNLABELLED_VIEW, LABELLED_VIEW = "maskbench: label next", "maskbench: look again"
"""Titles of the views."""

_STEP = 1e-5
"""Score of the first: so small that even the last of a batch is below any model's confidence."""


def push_ranking(params: Params, layout: Layout, ranking: Ranking, dry_run: bool = False) -> str:
    """Write the batch's scores and make the view of each project; return a summary.

    Everything is looked up before anything is changed. Pushing the same ranking again changes
    nothing; pushing another one replaces the view.

    Raises:
        CommandError: The batch is too large for a view.
        MaskbenchError: A project shows no predictions.
        DataError: Tasks have no prediction that could get a score; nothing was changed.
        SourceError: The server fails or refuses; running the same command again continues.
    """
    if ranking.batch > MOST:
        raise CommandError(f"a view holds at most {MOST} tasks; use --batch {MOST} or less")
    title = LABELLED_VIEW if ranking.is_labelled else UNLABELLED_VIEW
    with closing(open_server(params.fetch, layout)) as server:
        images: dict[int, list[Ranked]] = {project.id: [] for project in server.projects}
        problems = []
        for image in ranking.first:
            number = server.projects[0].id if image.project is None else image.project
            if number in images:
                images[number].append(image)
            else:
                what = f"its project {number} is not in fetch.project; add it there, or fetch again"
                problems.append(Problem(what, task=image.task))
        jobs = [
            _look_up(ProjectPredictions(server.client, number), own)
            for number, own in images.items()
            if own
        ]
        problems += [problem for job in jobs for problem in job.problems]
        if problems:
            raise DataError("nothing was changed in Label Studio", problems)
        return "\n".join(job.run(title, dry_run) for job in jobs)


@dataclass(frozen=True)
class _Job:
    """What is to be changed in one project.

    Attributes:
        project: The project's predictions.
        version: The model version on show.
        predictions: The predictions to score, by task, in the ranking's order.
        gone: Keys of images whose tasks were deleted.
        problems: Why it cannot be done.
    """

    project: ProjectPredictions
    version: str
    predictions: dict[int, int]
    gone: Sequence[str]
    problems: Sequence[Problem]

    def run(self, title: str, dry_run: bool) -> str:
        """Write scores and view, unless ``dry_run``; return a summary."""
        client, number = self.project.client, self.project.project
        if dry_run or not self.predictions:
            is_new = find_view(client, number, title) is None
            return self._summary(f"{'make' if is_new else 'replace'} the view {title!r}")
        shown = progress(self.predictions.values(), len(self.predictions), "scores")
        for place, prediction in enumerate(shown, 1):
            self.project.set_score(prediction, round(place * _STEP, 5))
        view = save_view(client, number, title, self.predictions, "tasks:predictions_score")
        link = f"{client.server}/projects/{number}/data?tab={view}"
        opens = f"'Label Tasks As Displayed' in the view {title!r} opens them in this order"
        return self._summary(f"{opens}: {link}", "wrote")

    def _summary(self, view: str, verb: str = "would write") -> str:
        scores = f"{verb} {counted(len(self.predictions), 'score')} of {self.version!r}; {view}"
        done = scores if self.predictions else "nothing to do"
        gone = f"; left out, because the task was deleted: {some(self.gone)}" if self.gone else ""
        return f"project {self.project.project}: {done}{gone}"


def _look_up(project: ProjectPredictions, images: Sequence[Ranked]) -> _Job:
    """Find the predictions to score."""
    version = project.versions().shown
    if not version:
        raise MaskbenchError(
            f"project {project.project} shows no predictions, so there are no scores to sort by; "
            "run `maskbench predictions push FOLDER --model-version NAME --show` first"
        )
    predictions, gone, problems = dict[int, int](), list[str](), list[Problem]()
    for image in progress(images, len(images), "predictions"):
        try:
            found = project.of_task(image.task, version)
        except NotThereError:
            gone.append(image.key)
            continue
        if found:
            predictions[image.task] = max(found)
        else:
            what = (
                f"the task has no prediction of {version!r}, the version that the project shows; "
                "`maskbench predictions push` sends predictions, also for annotated tasks"
            )
            problems.append(Problem(what, task=image.task, project=project.project))
    return _Job(project, version, predictions, gone, problems)
