"""The whole way, in both kinds of repository: this project's own, and a team's, also of a server.

doctor → rules → repro → commit → push → a colleague clones, pulls, and rebuilds nothing → a changed
parameter → review → tag → Benchmark.get → two branches with new labels → merge; for a team also:
from nothing, and to a newer maskbench.
"""

import json
import shutil
import subprocess

import pytest

from maskbench import __version__
from maskbench.files.yaml import parse_yaml
from maskbench.labelstudio.server.auth import KEY_VARIABLE
from tests.init.teams import PINNED, Team, exported, init
from tests.labelstudio.server.fixtures import POLYGONS, png, triangle
from tests.repositories import ROOT, copy_repository, python_path

pytestmark = pytest.mark.slow

GET = """
from maskbench.dataset import Benchmark
found = Benchmark.get(r"{address}", rev="v1.0")
print(len(found), *found.classes)
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A team's repository, made from an export that is gone since, and built."""
    base = tmp_path_factory.mktemp("team")
    exports = exported(base / "exports")
    init(base / "walls", "--folder", exports, "--maskbench", PINNED)
    shutil.rmtree(exports)
    team = Team(base / "walls")
    team.make()
    team.commit("First version")
    return team


def of_server(request, folder):
    """A built repository of six tasks on a Label Studio, and what labels one of them again."""
    api, studio = request.getfixturevalue("api"), request.getfixturevalue("studio")
    project = api.create_project("story", POLYGONS)
    api.upload_images(project, {f"wall_{i}.png": png(i) for i in range(6)})
    tasks = [task["id"] for task in api.tasks(project)]
    for task in tasks:
        api.annotate(task, [triangle(), triangle("Obstruction", 1, 5.0)])
    key = {KEY_VARIABLE: studio.legacy_token}
    options = ("--project", project, "--maskbench", PINNED)
    init(folder, "--server", studio.url, *options, environment=key)
    made = Team(folder)
    made.environment |= key
    made.make()
    made.commit("First version")

    def relabel(repository, number):
        api.annotate(tasks[number], [triangle()])
        repository.environment |= key
        repository.maskbench("refresh")

    return made, relabel


@pytest.fixture(params=["own", "team", pytest.param("server", marks=pytest.mark.server)])
def world(request, tmp_path):
    """A built repository of each kind with a shared folder as remote; what labels a task anew."""
    relabel = drop_region
    if request.param == "own":
        made = copy_repository(request.getfixturevalue("built_once").root, tmp_path / "repo")
        made = Team(made.root, made.root)
    elif request.param == "team":
        team = request.getfixturevalue("built")
        made = Team(copy_repository(team.root, tmp_path / "repo").root)
    else:
        made, relabel = of_server(request, tmp_path / "repo")
    made.dvc("remote", "add", "-f", "-d", "storage", str(tmp_path / "remote"))
    made.commit("Remote")
    return made, relabel


def cloned(repository, folder):
    """A colleague's clone, with an empty cache of DVC."""
    subprocess.run(["git", "clone", "-q", repository.root, folder], check=True)
    is_own = repository.environment["PYTHONPATH"] == python_path(repository.root)
    return Team(folder, folder if is_own else ROOT)


def drop_region(repository, number):
    """Delete a region of a task in the export, as an annotator would."""
    params = parse_yaml((repository.root / "params.yaml").read_text())
    [path] = (repository.root / params["fetch"]["folder"]).glob("*.json")
    tasks = json.loads(path.read_text())
    fitting = [entry for entry in tasks if len(entry["annotations"]) == 1]
    results = [entry["annotations"][0]["result"] for entry in fitting]
    [found for found in results if len(found) > 1][number].pop()
    path.write_text(json.dumps(tasks))
    repository.dvc("repro")


def test_the_story(world, tmp_path):
    repository, relabel = world
    assert "0 errors" in repository.maskbench("doctor").stdout
    assert "decided by" in repository.maskbench("rules").stdout
    assert "Data and pipelines are up to date." in repository.dvc("repro").stdout
    said = repository.maskbench("diff", "HEAD", "--check", check=False)
    assert said.returncode == 5
    assert "fails: pushed: not on the remote: " in said.stderr
    assert "fails: lock" not in said.stderr
    repository.dvc("push")
    repository.maskbench("diff", "HEAD", "--check", "--fail-on")

    clone = cloned(repository, tmp_path / "clone")
    clone.maskbench("diff", "HEAD", "--check", "--fail-on")  # CI: nothing is pulled
    clone.dvc("pull")
    assert "Running stage" not in clone.dvc("repro").stdout
    assert "no breaches" in clone.maskbench("verify").stdout
    assert clone.outputs() == repository.outputs()

    clone.edit_params("all_touched: false", "all_touched: true")
    assert "Running stage 'rasterize'" in clone.dvc("repro").stdout
    told = clone.maskbench("diff").stdout
    assert "1 rasterize parameter changed" in told
    clone.commit("Touched pixels count")
    clone.git("tag", "-a", "v1.0", "-m", "v1.0")
    clone.dvc("push")
    clone.maskbench("diff", "HEAD~1", "HEAD", "--check", "--fail-on", "--html", "report")

    images = clone.maskbench("verify").stdout.split(" images")[0].split()[-1]
    environment = {"XDG_CACHE_HOME": str(tmp_path / "xdg")}
    got = clone.run("python", "-c", GET.format(address=clone.root), **environment).stdout
    assert got.split()[0] == images
    assert clone.git("status", "--porcelain").stdout == ""

    for number, branch in enumerate(("left", "right")):
        clone.git("checkout", "-q", "-b", branch, "main")
        clone.dvc("checkout", "-q")
        relabel(clone, number)
        clone.commit(f"Labels on the {branch}")
    clone.maskbench("merge", "left")
    clone.git("commit", "-qm", "Labels of both")
    assert "up to date" in clone.dvc("status").stdout
    assert clone.maskbench("diff", "main", "HEAD").stdout.splitlines()[1].startswith("2 of ")
    assert "no breaches" in clone.maskbench("verify").stdout


def newer(folder):
    """A copy of the package that calls itself 0.2.0, with another Makefile."""
    shutil.copytree(ROOT / "maskbench", folder / "maskbench")
    version = folder / "maskbench/__init__.py"
    version.write_text(version.read_text().replace(f'"{__version__}"', '"0.2.0"'))
    makefile = folder / "maskbench/init/template/Makefile"
    makefile.write_text(makefile.read_text() + "\n# newer\n")
    return folder


def test_a_newer_maskbench(built, tmp_path):
    """One line moves; DVC notices, diff says so, the files that come from maskbench follow."""
    team = Team(copy_repository(built.root, tmp_path / "repo").root)
    pin = team.root / "maskbench.txt"
    pin.write_text(pin.read_text().replace(PINNED, "maskbench==0.2.0"))
    changed = json.loads(team.dvc("status", "--json").stdout)
    assert set(changed) == {"rasterize", "combine", "split", "quality"}
    said = team.make(check=False)
    assert "pins maskbench 0.2.0, but 0.1.0 runs here" in said.stderr
    doctor = team.maskbench("doctor", check=False)
    assert "error    maskbench.txt pins maskbench 0.2.0, but 0.1.0 runs here" in doctor.stdout

    team = Team(team.root, newer(tmp_path / "newer"))
    team.make()
    told = team.maskbench("diff").stdout.splitlines()
    assert told[1].startswith("0 of 6 masks changed")
    assert told[1].endswith("code changed: 0.1.0 → 0.2.0")
    found = json.loads(team.maskbench("diff", "--json").stdout)
    assert found["maskbench"] == {"before": "0.1.0", "after": "0.2.0"}
    pipeline = team.root / "dvc.yaml"
    pipeline.write_text(pipeline.read_text() + "- plots/loss.csv\n")  # a plot of the team's own
    team.commit("maskbench 0.2.0")

    shown = team.maskbench("init", "--upgrade", "--dry-run").stdout
    assert "+# newer" in shown
    assert "Makefile: would change" in shown
    assert team.git("status", "--porcelain").stdout == ""
    (team.root / "Makefile").write_text("mine\n")
    refused = team.maskbench("init", "--upgrade", check=False)
    assert "Makefile: has changes that are not committed" in refused.stderr
    team.git("checkout", "Makefile")
    assert "+# newer" in team.maskbench("init", "--upgrade").stdout
    assert team.git("status", "--porcelain").stdout == " M Makefile\n"
    assert "nothing to upgrade" in team.maskbench("init", "--upgrade").stdout
    pipeline.write_text("stages: {train: {cmd: python train.py}}\n")
    refused = team.maskbench("init", "--upgrade", check=False)
    assert "dvc.yaml: stages is written in a way that cannot be edited here" in refused.stderr


def test_this_project_s_own_repository_is_not_upgraded(built_once, tmp_path):
    own = Team(built_once.root, built_once.root)
    said = own.maskbench("init", "--upgrade", check=False)
    assert "has no maskbench.txt: only a repository made by `maskbench init`" in said.stderr


def test_make_test_checks_the_dataset(built, tmp_path):
    team = Team(copy_repository(built.root, tmp_path / "repo").root)
    assert "OK" in team.make("test").stderr
    mask = next((team.root / "data/benchmark/masks").iterdir())
    mask.unlink()
    assert "FAILED" in team.make("test", check=False).stderr


def test_an_input_is_changed(built, tmp_path):
    """A newer export replaces the old one; what nobody tracks is named; clones follow."""
    team = Team(copy_repository(built.root, tmp_path / "repo").root)
    team.dvc("remote", "add", "-d", "storage", str(tmp_path / "remote"))
    more, image = exported(tmp_path / "exports", 7), "upload/1/00000007-scene_7.png"
    shutil.copy(more / "export.json", team.root / "data/inputs/export.json")
    shutil.copy(more / image, team.root / "data/inputs/images" / image)
    stray = shutil.copy(more / image, team.root / "data/inputs/stray.png")
    assert "neither git nor DVC tracks data/inputs/stray.png" in team.maskbench("doctor").stdout
    said = team.maskbench("diff", "HEAD", "--check", check=False).stderr
    assert "fails: inputs: neither git nor DVC tracks data/inputs/stray.png: no clone can" in said
    stray.unlink()
    team.dvc("add", "data/inputs/images")
    assert "fetch: 7 tasks" in team.dvc("repro").stdout
    team.commit("Seven tasks")
    team.dvc("push")

    clone = cloned(team, tmp_path / "clone")
    clone.maskbench("diff", "HEAD", "--check")  # nothing is pulled
    said = clone.maskbench("doctor", check=False).stdout
    assert (
        "error    DVC tracks data/inputs/images, which is not here\n         → run `dvc pull`"
        in said
    )
    lock = clone.root / "dvc.lock"
    text = lock.read_text()
    place = text.index(".dir") - 1  # of the digest of data/inputs
    lock.write_text(f"{text[:place]}{'1' if text[place] == '0' else '0'}{text[place + 1 :]}")
    said = clone.maskbench("diff", "HEAD", "--check", check=False).stderr
    assert "changed deps: data/inputs (modified)" in said
    lock.write_text(text)
    assert "Running stage" not in clone.make().stdout  # it pulls
    assert clone.outputs() == team.outputs()
