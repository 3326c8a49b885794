"""A ranking on a real Label Studio: scores are written, and a view opens the batch in order."""

import numpy as np
import pytest

from maskbench.pipeline.fetch import fetch
from maskbench.ranking.push import push_ranking
from maskbench.ranking.ranking import Options
from maskbench.ranking.unlabelled import rank_unlabelled
from maskbench.versions.refresh import look
from tests.predictions.test_server import loop  # noqa: F401 - a fixture

OPTIONS = Options(by="entropy", diversity=0)


def sure(share):
    """Probabilities of four classes: certain on a share of the pixels, even on the others."""
    chances = np.full((4, 30, 40), 0.25, np.float32)
    chances[:, :, : round(40 * share)] = np.array([1, 0, 0, 0], np.float32)[:, None, None]
    return chances


def predict(loop, shares, **options):  # noqa: F811
    """Save probabilities for each key and push them."""
    for key, share in shares.items():
        np.save(loop.folder / f"{key}.npy", sure(share))
    loop.push(**{"show": True, **options})


def ranked(loop, options=OPTIONS):  # noqa: F811
    return rank_unlabelled(loop.params, loop.layout, [loop.folder], options)


def put(loop, ranking, **options):  # noqa: F811
    return push_ranking(loop.params, loop.layout, ranking, **options)


def views(loop):  # noqa: F811
    """The tasks of each view by its title, in the order in which it opens them."""
    found = loop.api.call("GET", f"/api/dm/views/?project={loop.project}")
    assert len({view["data"]["title"] for view in found}) == len(found)
    return {view["data"]["title"]: opened(loop, view["id"]) for view in found}


def opened(loop, view):  # noqa: F811
    query = f"project={loop.project}&view={view}"
    return [task["id"] for task in loop.api.call("GET", f"/api/tasks/?{query}")["tasks"]]


def test_a_view_opens_the_batch_in_its_order_and_is_replaced(loop):  # noqa: F811
    keys = loop.images()
    one, two, three = keys
    predict(loop, {one: 0.5, two: 0.9, three: 0.2})
    ranking = ranked(loop)
    assert [image.key for image in ranking.images] == [three, one, two]
    assert [image.score for image in ranking.images] == pytest.approx([0.8, 0.5, 0.1])
    said = put(loop, ranking, dry_run=True)
    assert "would write 3 scores of 'm1'; make the view 'maskbench: label next'" in said
    assert views(loop) == {}
    fetch(loop.params, loop.layout)
    said = put(loop, ranking)
    assert f"{loop.proxy.url}/projects/{loop.project}/data?tab=" in said
    order = [keys[three], keys[one], keys[two]]
    assert views(loop) == {"maskbench: label next": order}
    scores = {task: each["score"] for task, each in loop.predictions().items()}
    assert [scores[task] for task in order] == pytest.approx([1 / 3, 2 / 3, 1])
    assert not look(loop.params, loop.layout)
    np.save(loop.folder / f"{two}.npy", sure(0))
    batch = ranked(loop, Options(by="margin", batch=2))
    assert "would write 2 scores of 'm1'; replace" in put(loop, batch, dry_run=True)
    assert put(loop, batch).rpartition("=")[2] == said.rpartition("=")[2]
    assert views(loop) == {"maskbench: label next": [keys[two], keys[three]]}
    assert not look(loop.params, loop.layout)
