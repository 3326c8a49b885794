"""What notebooks show of a benchmark and its items, and the figures of matplotlib."""

import base64
import io
import pickle
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from maskbench.dataset import Benchmark
from maskbench.pages.palette import palette
from tests.benchmarks import blocks, make, write_item, write_lists


def pictures(markup):
    found = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', markup)
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(data)))) for data in found]


def test_an_item_is_a_pair_that_shows_itself(benchmark):
    sample = Benchmark(benchmark).sample("000003_room")
    image, mask = sample
    assert (sample.key, sample.classes) == ("000003_room", ("Background", "Canvas", "Obstruction"))
    markup = sample._repr_html_()
    scene, colored, _ = pictures(markup)
    assert np.abs(scene.astype(int) - image).mean() < 4  # JPEG
    assert np.abs(colored.astype(int) - palette()[mask]).mean() < 12
    assert "000003_room: 32 x 24 pixels" in markup
    assert markup.count("<figcaption>") == 3
    assert "Obstruction" in markup
    again = pickle.loads(pickle.dumps(sample))
    assert (again.key, again.classes) == (sample.key, sample.classes)
    np.testing.assert_array_equal(again.mask, mask)


@pytest.mark.parametrize("number, shown", [(3, 3), (8, 8), (9, 8), (30, 8)])
def test_a_benchmark_shows_a_few_images_of_its_whole_range(tmp_path, number, shown):
    keys = [f"{i:02d}" for i in range(number)]
    root = make(tmp_path, {"train": keys})
    captions = re.findall(r"<figcaption>(.*?)</", Benchmark(root)._repr_html_())
    assert len(set(captions)) == shown
    assert captions[0] == "00"
    assert int(captions[-1]) >= number - 1 - number // 8


def test_names_are_text(tmp_path):
    write_item(tmp_path, "a<b>", blocks(1))
    write_lists(tmp_path, {"test": ["a<b>"]}, classes=("<script>", "B", "C"))
    benchmark = Benchmark(tmp_path)
    for markup in (benchmark._repr_html_(), benchmark[0]._repr_html_()):
        assert "&lt;script&gt;" in markup
        assert "a&lt;b&gt;" in markup
        assert "<script" not in markup


def test_a_damaged_benchmark_says_so_and_does_not_fail(benchmark):
    (benchmark / "masks/000000_room.png").write_bytes(b"")
    assert "000000_room.png: it is not an image" in Benchmark(benchmark)._repr_html_()


def test_large_images_become_small_pictures(tmp_path):
    write_item(tmp_path, "a", blocks(1, (900, 1200)))
    write_lists(tmp_path, {"test": ["a"]})
    assert [p.shape[:2] for p in pictures(Benchmark(tmp_path)[0]._repr_html_())] == [(240, 320)] * 3


@pytest.mark.training
def test_a_figure_of_matplotlib(benchmark):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    found = Benchmark(benchmark)
    figure = found.plot("000003_room", prediction=blocks(5))
    assert [axes.get_title() for axes in figure.axes] == ["image", "mask", "prediction", "overlay"]
    mask = figure.axes[1].get_images()[0].get_array()
    np.testing.assert_array_equal(mask, palette()[found.mask("000003_room")])
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["Background", "Canvas", "Obstruction"]
    assert figure.get_suptitle() == "000003_room"
    figure.savefig(io.BytesIO())
    pyplot.close(figure)
    with pytest.raises(KeyError):
        found.plot("nowhere")


def test_without_matplotlib_the_message_says_what_to_install(benchmark):
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from maskbench.dataset import Benchmark\n"
        f"Benchmark({str(benchmark)!r}).plot('000003_room')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "plotting needs matplotlib: pip install" in done.stderr
