"""`maskbench doctor`: each thing that would stop the next build is told, and nothing is touched."""

import pytest

from maskbench.doctor.checkup import check_up
from maskbench.doctor.findings import ERROR, OK, WARNING
from maskbench.params import Rule
from tests.labelstudio.server.fixtures import POLYGONS, filled, png, triangle


@pytest.fixture
def doctor(bench, studio):
    bench.root.mkdir(parents=True)
    (bench.root / ".dvc").mkdir()

    def run(project, server=studio.url, **options):
        params = bench.params(server, project, **options)
        found = list(check_up(params, bench.layout, 50))
        assert [path.name for path in bench.root.iterdir()] == [".dvc"]  # nothing was written
        return found

    return run


def of(findings, level):
    return [finding for finding in findings if finding.level == level]


def test_all_is_well(api, doctor, studio):
    project, _ = filled(api, "healthy", 3)
    found = doctor(project)
    assert {finding.level for finding in found} == {OK}
    told = "\n".join(map(str, found))
    assert f"Label Studio 1.23.2 answers at {studio.url}" in told
    assert "the legacy token in LABEL_STUDIO_API_KEY is valid" in told
    assert f"project {project} (healthy): 3 tasks, 3 annotated" in told
    assert "looked at 3 tasks; 3 have an annotation that counts" in told


def test_everything_that_is_wrong_with_the_tasks_at_once(api, doctor):
    project, tasks = filled(api, "ill", 3)
    api.annotate(tasks[0], [triangle("Obstruktion")])
    beside = triangle(number=1)
    beside["value"]["points"] = [[110, 110], [120, 110], [120, 120]]
    api.annotate(tasks[1], [triangle(), triangle("Obstruction", 2), beside])
    paths = api.upload_images(project, {"twin.png": png(1), "broken.png": b"x"}, tasks=False)
    annotations = [{"result": [triangle()]}]
    references = [f"/data/{path}" for path in paths.values()] + ["/data/upload/1/00000000-no.png"]
    api.import_tasks(
        project, [{"data": {"image": r}, "annotations": annotations} for r in references]
    )
    api.patch_task(tasks[2], {"image": ["/data/upload/1/a.png", "/data/upload/1/b.png"]})
    errors = "\n".join(map(str, of(doctor(project), ERROR)))
    assert "1 task cannot be read" in errors
    assert "1 image is missing" in errors
    assert "1 image cannot be used" in errors
    assert "'Obstruktion' is not in labels_map" in errors
    assert "did you mean 'Obstruction'?" in errors
    warnings = "\n".join(map(str, of(doctor(project), WARNING)))
    assert "1 region will have no pixel: collapsed or off the image" in warnings
    assert f"task {tasks[1]}: regions reach off the image" in warnings
    assert "one image in several tasks" in warnings


def test_a_combination_without_rule(api, bench, doctor, studio, monkeypatch):
    project, tasks = filled(api, "no rule", 1)
    api.annotate(tasks[0], [triangle(), triangle("Obstruction", 1)])
    params = bench.params(studio.url, project)
    strict = params._replace(combine=params.combine._replace(unmatched="error"))
    [error] = of(check_up(strict, bench.layout, 50), ERROR)
    [problem] = error.problems
    assert "Canvas + Obstruction together become" in problem.what
    assert (problem.task, problem.project) == (tasks[0], project)
    assert "- Canvas\n" in error.advice
    rule = Rule("both", frozenset({"Canvas", "Obstruction"}), "Canvas")
    assert not of(check_up(strict._replace(rules=(rule,)), bench.layout, 50), ERROR)


def test_labels_of_the_setup(api, doctor):
    project, _ = filled(api, "labels", 1)
    warnings = of(doctor(project, labels=("Canvas", "Plant")), WARNING)
    assert len(warnings) == 2
    assert all("agree on the labels" in warning.advice for warning in warnings)


def test_nothing_annotated(api, doctor):
    project = api.create_project("not annotated", POLYGONS)
    found = doctor(project)
    assert "import images into the project" in str(of(found, WARNING)[0])
    assert "no task has an annotation that counts" in str(of(found, ERROR)[0])


def test_the_door(api, doctor, monkeypatch, studio):
    [error] = of(doctor(1, server="http://127.0.0.1:9"), ERROR)
    assert "no Label Studio answers" in error.what
    assert "start the server" in error.advice
    [error] = of(doctor(99999), ERROR)
    assert "shows no project 99999" in error.what
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", "0" * 40)
    [error] = of(doctor(1), ERROR)
    assert "refused the legacy token" in error.what
    assert f"keys are made at {studio.url}/user/account" in error.advice
    monkeypatch.delenv("LABEL_STUDIO_API_KEY")
    [error] = of(doctor(1), ERROR)
    assert "no key for" in error.what
