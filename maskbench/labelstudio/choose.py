"""Which annotation of a task counts."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from maskbench.labelstudio.model import Annotation

_NEVER = datetime.min.replace(tzinfo=UTC)


def choose(annotations: Iterable[Annotation], criteria: Sequence[str]) -> Annotation | None:
    """The annotation that counts, or None.

    Skipped annotations never count. The criteria are tried in order; the first that an annotation
    meets chooses: ``ground_truth`` (the latest so marked), ``latest`` and ``earliest`` by the time
    of the last save, ``annotator:ID`` (that user's latest).
    """
    able = sorted((a for a in annotations if not a.was_cancelled), key=_age)
    for criterion in criteria:
        meets = _test(criterion)
        fitting = [annotation for annotation in able if meets(annotation)]
        if fitting:
            return fitting[0 if criterion == "earliest" else -1]
    return None


def _test(criterion: str) -> Callable[[Annotation], bool]:
    if criterion == "ground_truth":
        return lambda annotation: annotation.ground_truth
    if criterion.startswith("annotator:"):
        user = int(criterion.removeprefix("annotator:"))
        return lambda annotation: annotation.completed_by == user
    return lambda annotation: True


def _age(annotation: Annotation) -> tuple[datetime, int]:
    """Time of the last save, then id: later ones sort last."""
    try:
        time = datetime.fromisoformat(annotation.updated_at or annotation.created_at or "")
    except ValueError:
        time = _NEVER
    return (time if time.tzinfo else time.replace(tzinfo=UTC)), annotation.id
