"""Small input that claims to be huge: refused at once, in little memory."""

import base64
import gzip
import json
import os
import subprocess
import sys
import zlib
from contextlib import suppress

import numpy as np
import pytest

from maskbench.files.masks import read_mask
from maskbench.labelstudio.server import images
from maskbench.labelstudio.server.client import Client, Patience
from maskbench.labelstudio.server.images import ImageRequest, get_image
from tests.exports import annotation, region, task, write_export
from tests.harness.web import Web
from tests.repositories import ROOT, python_path

resource = pytest.importorskip("resource")  # Windows has none

_MEASURE = """
import resource, sys, tracemalloc
{setup}
base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    {call}
except ValueError as error:
    print(str(error)[:300])
else:
    print("TAKEN")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base)
"""


def measured(setup, call, *arguments):
    """Run in a process of its own: (message, further memory at the peak in MB, seconds of CPU)."""
    code = _MEASURE.format(setup=setup, call=call)
    before = os.times()
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
        env={**os.environ, "PYTHONPATH": python_path(ROOT)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30)),
    )
    assert done.returncode == 0, done.stderr
    said, peak = done.stdout.rsplit("\n", 2)[:2]
    cpu = os.times().children_user + os.times().children_system
    return said, int(peak) / 1024, cpu - before.children_user - before.children_system


def chunk(kind, body):
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def png_of(width, height, body, *before):
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\x00\x00\x00"
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(before)
    return start + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def gif_of(width, height):
    size = width.to_bytes(2, "little") + height.to_bytes(2, "little")
    return b"GIF89a" + size + b"\x80\0\0" + b"\0" * 6 + b",\0\0\0\0" + size + b"\0\x02\x02L\x01\0;"


def bmp_of(width, height):
    head = (40).to_bytes(4, "little") + width.to_bytes(4, "little") + height.to_bytes(4, "little")
    head += b"\x01\0\x18\0" + b"\0" * 24
    return b"BM" + (54 + 100).to_bytes(4, "little") + b"\0" * 4 + (54).to_bytes(4, "little") + head


def tiff_of(width, height):
    entries = [(256, width), (257, height), (258, 8), (259, 1), (262, 1), (273, 8), (278, height)]
    entries += [(279, 100)]
    body = len(entries).to_bytes(2, "little")
    for tag, number in entries:
        body += tag.to_bytes(2, "little") + b"\x04\0\x01\0\0\0" + number.to_bytes(4, "little")
    return b"II*\0" + (8).to_bytes(4, "little") + body + b"\0" * 104


def long_text():
    return chunk(b"zTXt", b"a\0\0" + zlib.compress(b"x" * (300 << 20), 9))


BOMBS = {
    "4 GB of pixels in 10 KB": lambda: png_of(65_535, 65_535, zlib.compress(b"\0" * (8 << 20), 9)),
    "the largest PNG": lambda: png_of((1 << 31) - 1, (1 << 31) - 1, zlib.compress(b"")),
    "one row of 2 G": lambda: png_of((1 << 31) - 1, 1, zlib.compress(b"\0" * 1000)),
    "GIF": lambda: gif_of(65_535, 65_535),
    "BMP": lambda: bmp_of(60_000, 60_000),
    "TIFF": lambda: tiff_of(1 << 30, 1 << 30),
    "a text of 300 MB in a PNG": lambda: png_of(1, 1, zlib.compress(b"\0\0\0\0"), long_text()),
}


@pytest.mark.parametrize("name", BOMBS)
def test_images_that_claim_too_much_are_refused_at_once(tmp_path, name):
    path = tmp_path / "bomb.png"
    path.write_bytes(BOMBS[name]())
    assert path.stat().st_size < 400_000
    setup = "from pathlib import Path; from maskbench.files.images import inspect"
    said, peak, seconds = measured(setup, "inspect(Path(sys.argv[1]))", path)
    assert "TAKEN" not in said
    assert peak < 100
    assert seconds < 30


@pytest.mark.parametrize("kind", ["a list of arrays", "more than any memory"])
def test_predictions_that_are_no_array(tmp_path, kind):
    """A zip file of arrays under an array's name, and a header that lies."""
    path = tmp_path / "mask.npy"
    if kind == "a list of arrays":
        with path.open("wb") as stream:
            np.savez(stream, np.zeros((2, 2), np.uint8))
    else:
        np.lib.format.open_memmap(path, "w+", np.uint8, (2, 2)).flush()
        path.write_bytes(
            path.read_bytes().replace(b"(2, 2), }" + b" " * 18, b"(1000000000, 4000000000), }")
        )
        assert b"4000000000" in path.read_bytes()
    with pytest.raises(ValueError, match="it is not a numpy array, or cut off"):
        read_mask(path)


@pytest.mark.parametrize("way", ["no length", "huge length", "packed"])
def test_a_download_without_an_end(tmp_path, monkeypatch, way):
    """Else one address in one task could fill the disk."""
    sent = []
    most = 20_000 if way == "packed" else 1000  # far more than lies in buffers on the way

    def endless(request):
        request.send_response(200)
        request.send_header("Content-Type", "image/png")
        if way == "huge length":
            request.send_header("Content-Length", str(10**13))
        if way == "packed":
            request.send_header("Content-Encoding", "gzip")
        request.end_headers()
        block = gzip.compress(bytes(1 << 20)) if way == "packed" else bytes(1 << 16)
        with suppress(OSError):
            while len(sent) < most:
                sent.append(request.wfile.write(block))

    monkeypatch.setattr(images, "_MOST_BYTES", 1 << 20)
    with Web(endless) as web:
        client = Client(web.url, None, Patience(retries=0))
        with pytest.raises(ValueError, match="the image has more than 1,048,576 bytes"):
            get_image(client, ImageRequest("/data/upload/1/x.png", 1, tmp_path / "image"))
    assert list(tmp_path.iterdir()) == []
    assert len(sent) < most


def rle_of(words, fields=""):
    """A brush code that announces ``words`` words; ``fields`` are further bits."""
    bits = f"{words:032b}" + f"{7:05b}" + "0011" * 3 + "1111" + fields
    bits += "0" * (-len(bits) % 8)
    return list(int(bits, 2).to_bytes(len(bits) // 8, "big"))


REPEAT = "1" + "11" + "1" * 16 + "11111111"  # 65,536 words of 255
STROKES = {
    "announces 4 GB": rle_of((1 << 32) - 1),
    "decodes to 400 MB": rle_of(65_536 * 6_400, REPEAT * 6_400),
    "decodes to 4 GB": rle_of(65_536 * 65_535, REPEAT * 65_535),
    "holds more than it announces": rle_of(4 * 1200, REPEAT * 1000),
    "ends in the middle": rle_of(4 * 1200, "1"),
}


@pytest.mark.parametrize("name", STROKES)
def test_strokes_that_claim_too_much_are_refused_at_once(tmp_path, name):
    path = tmp_path / "rle.json"
    path.write_text(json.dumps(STROKES[name]))
    setup = "import json; from maskbench.regions.strokes import canonical_rle, decode_rle\n"
    setup += "rle = json.load(open(sys.argv[1]))"
    said, peak, seconds = measured(setup, "canonical_rle(rle); decode_rle(rle, 40, 30)", path)
    assert "the brush code" in said
    assert peak < 30
    assert seconds < 30


def test_a_bit_mask_that_claims_too_much_is_refused_at_once(tmp_path):
    path = tmp_path / "url.txt"
    content = BOMBS["4 GB of pixels in 10 KB"]()
    path.write_text("data:image/png;base64," + base64.b64encode(content).decode())
    setup = "from maskbench.regions.strokes import decode_bitmask\nurl = open(sys.argv[1]).read()"
    said, peak, _ = measured(setup, "decode_bitmask(url, 40, 30)", path)
    assert "the bit mask has (65535, 65535) pixels" in said
    assert peak < 30


@pytest.mark.slow
@pytest.mark.parametrize("size", [(10**9, 10**9), (10**9, 30), (-1, -1), (1e308, 1e308)])
@pytest.mark.parametrize("shape", ["brush", "polygon", "rectangle"])
def test_sizes_that_lie_about_a_small_image(tmp_path, size, shape):
    values = {
        "brush": {"format": "rle", "rle": STROKES["announces 4 GB"]},
        "polygon": {"points": [[0, 0], [100, 0], [50, 100]], "closed": True},
        "rectangle": {"x": 0, "y": 0, "width": 50, "height": 50, "rotation": 0},
    }
    lies = region(shape, ["Canvas"], values[shape], size=size)
    write_export(tmp_path / "export", [task(1, annotation(1, [lies]))])
    setup = (
        "from pathlib import Path\nfrom tests.trust.test_hostile import params_for\n"
        "from maskbench.errors import DataError\n"
        "from maskbench.pipeline.fetch import fetch\nfrom maskbench.pipeline.layout import Layout\n"
        "from maskbench.pipeline.rasterize import rasterize\n"
        "params, layout = params_for(sys.argv[1]), Layout(Path(sys.argv[2]))\n"
        "def run():\n"
        "    try:\n"
        "        fetch(params, layout)\n"
        "        rasterize(params, layout)\n"
        "    except DataError as error:\n"
        "        raise ValueError(str(error)) from None\n"
    )
    said, peak, seconds = measured(setup, "run()", tmp_path / "export", tmp_path / "repo")
    assert peak < 100
    assert seconds < 30
    if shape != "brush" and not 0 < size[0] < 1e18:
        assert "that is not a size" in said
    assert "task 1" in said
    assert not list((tmp_path / "repo").glob("data/label_sets/*"))
