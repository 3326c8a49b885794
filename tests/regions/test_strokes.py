"""Brush strokes: the run-length code against an encoder of our own, and damaged codes."""

import base64
import io
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from maskbench.errors import GeometryError
from maskbench.regions.strokes import canonical_rle, decode_bitmask, decode_rle, rle_bytes
from tests.strokes import COUNTERS, encode, opaque, png_url, rgba, with_bad_chunk


def test_a_stroke_by_hand():
    # 1 x 2 pixels, alpha 0 then 255: two runs of four words. Bits in groups: 8 words, word size 8,
    # counters 3 4 8 16; repeated, counter 0, count 4, word 0; repeated, counter 0, count 4, 255.
    bits = (
        "00000000000000000000000000001000" "00111" "0010" "0011" "0111" "1111"
        "1" "00" "011" "00000000" "1" "00" "011" "11111111"
    )  # fmt: skip
    bits += "0" * (-len(bits) % 8)
    code = [int(bits[i : i + 8], 2) for i in range(0, len(bits), 8)]
    assert encode(rgba([0, 255])) == code
    np.testing.assert_array_equal(decode_rle(code, 2, 1), [[0, 255]])


planes = st.tuples(st.integers(1, 9), st.integers(1, 9)).flatmap(
    lambda size: st.lists(
        st.sampled_from([0, 0, 0, 1, 73, 128, 255]),
        min_size=size[0] * size[1],
        max_size=size[0] * size[1],
    ).map(lambda values: np.array(values, dtype=np.uint8).reshape(size))
)


@settings(max_examples=200, deadline=None)
@given(planes)
def test_round_trip(alpha):
    height, width = alpha.shape
    decoded = decode_rle(encode(rgba(alpha)), width, height)
    assert decoded.dtype == np.uint8
    np.testing.assert_array_equal(decoded, alpha)


@settings(max_examples=200, deadline=None)
@given(st.data(), st.integers(1, 12))
def test_only_the_alpha_channel_counts_however_the_runs_are_cut(data, pixels):
    """Runs may start and end within a pixel; red, green and blue may hold anything."""
    words = data.draw(st.lists(st.integers(0, 2), min_size=4 * pixels, max_size=4 * pixels))
    runs, at = [], 0
    while at < len(words):
        count = data.draw(st.integers(1, min(9, len(words) - at)))
        part = words[at : at + count]
        runs.append((len(set(part)) == 1 and data.draw(st.booleans()), count))
        at += count
    counters = data.draw(st.sampled_from([COUNTERS, (4, 4, 4, 4), (1, 2, 5, 9)]))
    decoded = decode_rle(encode(words, runs, counters=counters), pixels, 1)
    np.testing.assert_array_equal(decoded, [words[3::4]])


def test_long_runs_use_the_largest_counter():
    alpha = np.zeros((300, 250), dtype=np.uint8)  # 300,000 words: five runs of up to 65,536
    alpha[100:200, 50:150] = 200
    np.testing.assert_array_equal(decode_rle(encode(rgba(alpha)), 250, 300), alpha)


GOOD = encode(rgba([0, 9, 9, 255, 0, 0]))


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ([], "ends in the middle"),  # no header
        (GOOD[:4], "ends in the middle"),  # the length only
        (GOOD[:-2], "ends in the middle"),  # truncated
        (encode(rgba([0, 9, 9])), "has 3 pixels, the image has 6: .*another size"),
        (encode(rgba([0] * 6), length=25), "has 6.25 pixels"),
        (encode(rgba([0] * 6), length=2**32 - 1), "the image has 6"),  # claims 4 GB
        (encode(rgba([0] * 7), length=24), "more pixels than it announces"),
        (encode(rgba([0] * 6), word_size=16), "words that are not one byte long"),
        ([0, 1, 2.5], "values that are not numbers from 0 to 255"),
        ([0, 256], "values that are not numbers"),
        ([0, -1], "values that are not numbers"),
        ([0, None], "values that are not numbers"),
        ("AAAA", "not a list of byte values"),
        ({"counts": []}, "not a list of byte values"),
    ],
)
def test_damaged_codes_are_refused(code, message):
    with pytest.raises(GeometryError, match=message):
        decode_rle(code, 3, 2)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(0, 255), max_size=40))
def test_random_bytes_are_refused_or_decoded(junk):
    """Random bytes after a good header give an alpha plane or the one error, nothing else."""
    code = GOOD[:7] + junk
    try:
        assert decode_rle(code, 3, 2).shape == (2, 3)
    except GeometryError:
        assert canonical_rle(code) == code


@settings(max_examples=100, deadline=None)
@given(planes, st.integers(0, 3), st.binary(max_size=3))
def test_padding_is_removed_and_nothing_else(alpha, padding, rest):
    code = encode(rgba(alpha))
    assert canonical_rle(code) == code
    assert canonical_rle(encode(rgba(alpha), padding=padding)) == code
    assert canonical_rle(code + list(rest)) == code


def test_bits_set_within_the_padding_are_cleared():
    code = encode(rgba([7]))  # 53 bits of header and 14 of one run: 5 bits of padding
    assert canonical_rle([*code[:-1], code[-1] | 0b11111]) == code


@pytest.mark.parametrize("code", [[], GOOD[:-2], [1, 2, 3], encode([1], word_size=16), [0, 999]])
def test_unreadable_codes_are_kept_as_they_are(code):
    assert canonical_rle(code) == code


def test_codes_are_bytes():
    assert rle_bytes([0, 255, 7]) == b"\x00\xff\x07"


ALPHA = np.array([[0, 1, 128], [200, 254, 255]], dtype=np.uint8)


BITMASK = opaque(ALPHA)
BAD_PNG = with_bad_chunk(base64.b64decode(png_url(BITMASK).partition(",")[2]))


def test_a_bit_mask_is_its_alpha():
    np.testing.assert_array_equal(decode_bitmask(png_url(BITMASK), 3, 2), ALPHA)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "not a PNG data URL"),
        (["data:image/png;base64,"], "not a PNG data URL"),
        ("data:image/jpeg;base64,AAAA", "not a PNG data URL"),
        ("http://example.com/mask.png", "not a PNG data URL"),
        ("data:image/png;base64,", "cannot be read"),
        ("data:image/png;base64,A", "cannot be read"),
        ("data:image/png;base64,é", "cannot be read"),
        (png_url(BITMASK)[:-40], "cannot be read"),
        (png_url(Image.new("RGBA", (2, 3))), r"^the bit mask has \(2, 3\) pixels, not \(3, 2\)"),
        (
            "data:image/png;base64," + base64.b64encode(BAD_PNG).decode(),
            "cannot be read: index out of range",
        ),
    ],
)
def test_what_is_no_bit_mask_is_refused(value, message):
    with pytest.raises(GeometryError, match=message):
        decode_bitmask(value, 3, 2)


def test_a_bit_mask_that_claims_to_be_huge_takes_no_memory():
    head = io.BytesIO()
    Image.new("1", (60_000, 1)).save(head, "PNG")
    png = bytearray(head.getvalue())
    png[20:24] = (60_000).to_bytes(4, "big")  # the height in the header: 3.6 billion pixels
    png[29:33] = zlib.crc32(png[12:29]).to_bytes(4, "big")
    with pytest.raises(GeometryError, match=r"60000\) pixels, not \(3, 2\)"):
        decode_bitmask("data:image/png;base64," + base64.b64encode(png).decode(), 3, 2)


@settings(max_examples=300, deadline=None)
@given(st.integers(8, 80), st.integers(0, 255))
def test_a_png_with_a_wrong_byte_is_refused_or_read(place, byte):
    png = bytearray(base64.b64decode(png_url(BITMASK).partition(",")[2]))
    png[place % len(png)] = byte
    try:
        read = decode_bitmask("data:image/png;base64," + base64.b64encode(png).decode(), 3, 2)
    except GeometryError:
        return
    assert read.shape == (2, 3)
