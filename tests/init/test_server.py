"""`maskbench init` from a real Label Studio: from a project to masks, and all that can be wrong."""

import pytest

from maskbench.cli import main
from maskbench.files.yaml import parse_yaml
from tests.init.teams import PINNED, Team
from tests.labelstudio.server.fixtures import POLYGONS, png, triangle

pytestmark = pytest.mark.filterwarnings("default::DeprecationWarning")  # of DVC's own libraries

TWO = """<View><Image name="left" value="$image"/><Image name="right" value="$second"/>
<PolygonLabels name="a" toName="left"><Label value="Canvas"/></PolygonLabels>
<PolygonLabels name="b" toName="right"><Label value="Canvas"/></PolygonLabels></View>"""
NO_LABELS = """<View><Image name="image" value="$image"/>
<Choices name="q" toName="image"><Choice value="good"/></Choices></View>"""


@pytest.fixture
def here(bench, tmp_path, monkeypatch):
    """An empty folder that commands run in, with the key in the environment."""
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


def init(url, *words):
    return main(["init", "walls", "--server", url, "--maskbench", PINNED, *map(str, words)])


@pytest.mark.slow
def test_from_a_project_to_a_refresh(api, studio, here, capsys):
    """No folder is needed; the setup's order counts, not that of the drawn labels."""
    setup = POLYGONS.replace('"Canvas"', '"Zebra"')
    project = api.create_project("init", setup)
    api.upload_images(project, {f"wall_{i}.png": png(i) for i in range(3)})
    tasks = [task["id"] for task in api.tasks(project)]
    for task in tasks[:2]:
        api.annotate(task, [triangle("Obstruction"), triangle("Zebra", 1, 5.0)])
    assert init(studio.url, "--project", project) == 0
    told = capsys.readouterr().out
    assert f"{studio.url}, project {project} (init):" in told
    assert "  tasks        3; 2 have an annotation that counts" in told
    assert "  labels       Zebra (2 regions)\n               Obstruction (2 regions)\n" in told
    assert "  overlaps     Obstruction + Zebra (394 pixels in 2 tasks)" in told
    params = parse_yaml((here / "walls/params.yaml").read_text())
    assert params["labels_map"] == {"Background": 0, "Zebra": 1, "Obstruction": 2}
    assert params["rasterize"]["overlap"] == "smallest"
    assert params["fetch"].keys() == {
        "server", "project", "snapshot", "private_hosts", "missing_images",
    }  # fmt: skip
    assert studio.legacy_token not in "".join(
        path.read_text(errors="replace") for path in here.rglob("*") if path.is_file()
    )
    team = Team(here / "walls")
    assert "fetch: 3 tasks, 2 images" in team.make().stdout
    team.commit("First version")
    doctor = team.maskbench("doctor").stdout
    assert "0 errors" in doctor
    assert "DVC has no default remote: nobody else can pull the data" in doctor
    api.annotate(tasks[2], [triangle("Zebra")])
    refreshed = team.maskbench("refresh")
    assert "masks: 1 new, 0 changed, 0 removed" in refreshed.stdout
    assert "warning: DVC has no default remote" in refreshed.stderr


def test_two_images(api, studio, here, capsys):
    project = api.create_project("two", TWO)
    assert init(studio.url, "--project", project) == 1
    told = capsys.readouterr().err
    assert "shows several images of a task: left (image), right (second)" in told
    assert told.endswith("say which image it is for, such as --image left\n")
    assert init(studio.url, "--project", project, "--image", "middle") == 1
    assert "the setup has no image tag 'middle'; it has left (image)" in capsys.readouterr().err
    assert not list(here.iterdir())
    assert init(studio.url, "--project", project, "--image", "right", "--dry-run") == 0
    assert "  image_field:\n    right: second\n" in capsys.readouterr().out


def test_a_setup_without_labels(api, studio, here, capsys):
    project = api.create_project("no labels", NO_LABELS)
    assert init(studio.url, "--project", project) == 3
    assert "no region carries a label" in capsys.readouterr().err
    assert not list(here.iterdir())


def test_servers_that_refuse(api, studio, here, capsys, monkeypatch):
    assert init("http://127.0.0.1:9", "--project", 1) == 3
    assert "no Label Studio answers at http://127.0.0.1:9" in capsys.readouterr().err
    assert init(studio.url, "--project", "99999,99998") == 3
    assert "shows no project 99999" in capsys.readouterr().err
    api.create_project("to be listed", POLYGONS)
    assert init(studio.url) == 2
    assert "name the project: --project N; the server has: " in capsys.readouterr().err
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", "0" * 40)
    assert init(studio.url, "--project", 1) == 3
    assert "refused the legacy token" in capsys.readouterr().err
    monkeypatch.delenv("LABEL_STUDIO_API_KEY")
    assert init(studio.url, "--project", 1) == 3
    assert "no key for" in capsys.readouterr().err
    assert not list(here.iterdir())
