"""Small benchmark repositories whose inputs change step by step: what the kills happen to.

A *world* is a source (a folder of exports, or a Label Studio server behind the fault proxy) with a
repository that was built on it. A *build* changes the inputs; the world then hands out copies of
the repository on which a build of the changed inputs can be started, and knows the bytes that an
undisturbed build from nothing makes of them.
"""

import hashlib
import json
import os
import shutil
import sys

from label_studio import Server
from label_studio_api import Api
from maskbench.labelstudio.server.auth import KEY_VARIABLE, SERVER_VARIABLE
from tests.exports import simple_tasks, write_export, write_image
from tests.harness.proxy import Proxy
from tests.repositories import SAMPLE, Repository, new_repository

BUILDS = ("clean", "relabel", "delete", "add", "rule", "format")
"""What a killed run builds: everything from nothing, or what has changed; in this order."""

TASKS = 16
SIZE = (160, 120)
FAULTS = ("500", "503", "cut", "drop", "html")
PLACES = ("/api/version", "/api/projects/", "/api/tasks/", "/export", "/data/upload")

_RULE = "    - Canvas\n    - Obstruction\n    then: "
_CONFIG = """<View><Image name="image" value="$image"/>
<RectangleLabels name="label" toName="image"><Label value="Canvas"/><Label value="Obstruction"/>
</RectangleLabels></View>"""


class World:
    """A source and a repository built on it; a subclass says what the source is."""

    def __init__(self, folder):
        self.folder = folder
        self.params = (SAMPLE / "params.yaml").read_text(encoding="utf-8")
        self.changes = 0
        self.copies = 0

    def begin(self):
        """Make the repository that is not built, and the one that is."""
        self.bare = new_repository(self.folder / "bare")
        for name in ("data", "docs", "benchmarks", "examples"):
            shutil.rmtree(self.bare.root / name)
        self.bare.run(sys.executable, "-m", "compileall", "-q", "maskbench")
        self.bare.commit("code")
        self.base = self.copy(self.bare)
        self.apply(self.base)
        self.base.dvc("repro")
        self.base.commit("built")

    def copy(self, repository):
        """A new copy, with a folder of its own for what DVC remembers outside of repositories."""
        self.copies += 1
        root = self.folder / f"copy-{self.copies}" / "repo"
        shutil.copytree(repository.root, root, symlinks=True)
        made = Repository(root)
        made.environment |= {
            "MASKBENCH_WORKERS": "2",
            "DVC_SITE_CACHE_DIR": str(root.parent / "site"),
            **self.variables(),
        }
        return made

    def change(self, build):
        """Change the inputs, and build them undisturbed from nothing; from there on,
        :meth:`start` gives what a build of them starts from."""
        self.changes += 1
        number = self.changes
        self.params = self.params.replace(
            f"snapshot: '{_line(self.params, 'snapshot')}'", f"snapshot: 'take {number}'"
        )
        if build == "rule":
            then = ("ObstructedCanvas", "NestedCanvas")
            old, new = then if _RULE + then[0] in self.params else then[::-1]
            self.params = self.params.replace(_RULE + old, _RULE + new, 1)
        elif build == "format":
            old, new = ("png", "tif") if "mask_format: png" in self.params else ("tif", "png")
            self.params = self.params.replace(f"mask_format: {old}", f"mask_format: {new}")
        elif build != "clean":
            getattr(self, build)(number)
        undisturbed = self.copy(self.bare)
        self.apply(undisturbed)
        undisturbed.dvc("repro")
        undisturbed.commit("built")
        self.expected = built(undisturbed)
        self.previous, self.base = self.base, undisturbed
        self.clean = build == "clean"
        self.prepared = {}

    def start(self, done=()):
        """A repository with the changed inputs in which only the stages ``done`` have run since."""
        if done not in self.prepared:
            made = self.copy(self.bare if self.clean else self.previous)
            self.apply(made)
            for stage in done:
                made.run("python", f"stages/{stage}.py")
            self.prepared[done] = made
        return self.copy(self.prepared[done])

    def apply(self, repository):
        (repository.root / "params.yaml").write_text(self.params, encoding="utf-8")

    def variables(self):
        return {}

    def disturb(self, chance):
        """Let the source stumble during the next run."""

    def close(self):
        """End what :meth:`begin` started."""


class FolderWorld(World):
    """The source is a folder of exports in the repository."""

    name = "folder"

    def __init__(self, folder):
        super().__init__(folder)
        self.tasks = _tasks(TASKS)

    def apply(self, repository):
        super().apply(repository)
        shutil.rmtree(repository.root / "data/sample", ignore_errors=True)
        write_export(repository.root / "data/sample", self.tasks, size=SIZE)

    def relabel(self, number):
        for task in self.tasks[::2]:
            value = task["annotations"][0]["result"][0]["value"]
            value["width"] = 20 + number
            value["rectanglelabels"] = ["Obstruction" if number % 2 else "Canvas"]

    def delete(self, _number):
        del self.tasks[1:4]

    def add(self, _number):
        self.tasks += _tasks(4, first=self.tasks[-1]["id"] + 1)


class ServerWorld(World):
    """The source is a real Label Studio, reached through a proxy that does harm."""

    name = "server"

    def __init__(self, folder, server=None):
        """``server`` is one that runs; None starts one of the world's own."""
        super().__init__(folder)
        self.server, self.own = server, server is None

    def begin(self):
        if self.own:
            self.server = Server.start(self.folder / "studio")
        self.proxy = Proxy(self.server.url)
        self.proxy.__enter__()
        self.proxy.handle_error = lambda *_: None  # clients are killed while it answers
        self.api = Api(self.server.url, self.server.legacy_token)
        self.project = self.api.create_project("kills", _CONFIG)
        self._fill(range(TASKS))
        self.params = self.params.replace("  server:\n", f"  server: {self.proxy.url}\n")
        self.params = self.params.replace("  project:\n", f"  project: {self.project}\n")
        super().begin()

    def close(self):
        self.proxy.__exit__()
        if self.own:
            self.server.stop()

    def variables(self):
        names = {KEY_VARIABLE: self.server.legacy_token}
        return names | {SERVER_VARIABLE: ""} if os.environ.get(SERVER_VARIABLE) else names

    def apply(self, repository):
        super().apply(repository)
        (repository.root / "data/sample").mkdir(parents=True, exist_ok=True)

    def disturb(self, chance):
        self.proxy.forget()
        for _ in range(2):
            place = chance.choice(PLACES)
            self.proxy.fail(place, chance.choice(FAULTS), skip=chance.randrange(3))

    def _fill(self, numbers):
        files = {}
        for number in numbers:
            path = self.folder / "uploads" / f"scene_{number}.png"
            write_image(path, SIZE, seed=number)
            files[path.name] = path.read_bytes()
        known = {task["id"] for task in self.api.tasks(self.project)}
        self.api.upload_images(self.project, files)
        for task in self.api.tasks(self.project):
            if task["id"] not in known:
                self.api.annotate(task["id"], _regions(task["id"]))

    def relabel(self, number):
        for task in self.api.tasks(self.project)[::2]:
            self.api.annotate(task["id"], _regions(task["id"] + number))

    def delete(self, _number):
        for task in self.api.tasks(self.project)[1:4]:
            self.api.call("DELETE", f"/api/tasks/{task['id']}/")

    def add(self, number):
        self._fill(range(1000 * number, 1000 * number + 4))


def _tasks(count, first=1):
    made = simple_tasks(count, first)
    for task in made:
        for region in task["annotations"][0]["result"]:
            region |= {"original_width": SIZE[0], "original_height": SIZE[1]}
    return made


def _regions(number):
    return _tasks(1, first=number)[0]["annotations"][0]["result"]


def _line(text, key):
    return text.partition(f"{key}: '")[2].partition("'")[0]


def built(repository):
    """The bytes of everything that a build makes: the stages' outputs and ``dvc.lock``."""
    return repository.outputs() | {"dvc.lock": (repository.root / "dvc.lock").read_bytes()}


def leftovers(repository):
    """Unfinished files where a version, or its owner, would see them."""
    places = [repository.root / name for name in ("data", "metrics", "plots")]
    found = (path for place in places for path in place.rglob(".tmp-*"))
    return sorted(str(path.relative_to(repository.root)) for path in found)


def damaged_objects(repository):
    """Objects of DVC's cache that do not hold the bytes they are named for.

    What DVC was still copying (``.….tmp``) is no object: it is never looked up.
    """
    bad = []
    for file in sorted((repository.root / ".dvc/cache/files/md5").rglob("*")):
        if file.is_file() and not (file.name.startswith(".") and file.suffix == ".tmp"):
            found = hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest()
            if found != file.parent.name + file.name.removesuffix(".dir"):
                bad.append(str(file.relative_to(repository.root)))
    return bad


def describe(repository, expected):
    """How a build differs from what is expected, for messages; empty if it does not."""
    found = built(repository)
    different = sorted(k for k in found.keys() | expected.keys() if found.get(k) != expected.get(k))
    return json.dumps(different) if different else ""
