"""Find which model proposed what annotations began as."""

from collections.abc import Iterable, Iterator
from typing import Any

from maskbench.labelstudio.results import is_id
from maskbench.labelstudio.server.client import Client
from maskbench.labelstudio.server.errors import NotThereError


def add_model_versions(client: Client, tasks: Iterable[dict[str, Any]]) -> None:
    """Put the model version beside ``parent_prediction`` in raw tasks where the export lacks it.

    The export has a copy of the prediction that was on show. An annotation that began as another
    one has only its id, so that the server is asked. Of a deleted prediction nothing is known.

    Raises:
        SourceError: The server fails.
    """
    found: dict[int, dict[str, Any]] = {}
    for annotation in _without_version(tasks):
        number = annotation["parent_prediction"]
        if number not in found:
            found[number] = _prediction(client, number)
        annotation["prediction"] = found[number]


def _without_version(tasks: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for task in tasks:
        annotations = task.get("annotations")
        for annotation in annotations if isinstance(annotations, list) else ():
            if not isinstance(annotation, dict) or not is_id(annotation.get("parent_prediction")):
                continue
            copy = annotation.get("prediction")
            number = copy.get("id") if isinstance(copy, dict) else None
            if number != annotation["parent_prediction"]:
                yield annotation


def _prediction(client: Client, number: int) -> dict[str, Any]:
    """Return what tells which model made a prediction."""
    try:
        answer = client.json(f"/api/predictions/{number}/")
    except NotThereError:
        return {}
    version = answer.get("model_version") if isinstance(answer, dict) else None
    return {"id": number, "model_version": version}
