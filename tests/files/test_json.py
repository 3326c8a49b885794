"""JSON is read as Python's own reader reads it, whoever reads it."""

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskbench.files.json import PackedJson, compact_json, json_text, parse_json

_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(_VALUES, st.sampled_from([None, 2]))
def test_values_are_those_of_the_standard_library(value, indent):
    content = json.dumps(value, indent=indent).encode()
    assert repr(parse_json(content)) == repr(json.loads(content))


@pytest.mark.parametrize(
    "text",
    [
        "[18446744073709551616]", '{"a":-9223372036854775809}', "[1, 123456789012345678901]",
        "1234567890123456789012", "[1e400]", '["\\ud800"]', "[0.00012345678901234567]",
        '["12345678901234567890"]', "[-0]",
    ],
)  # fmt: skip
def test_values_that_orjson_would_change_or_refuse(text):
    assert repr(parse_json(text.encode())) == repr(json.loads(text))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_encodings_of_json(encoding):
    assert parse_json('["é"]'.encode(encoding)) == ["é"]


@pytest.mark.parametrize("text", ["[NaN]", "[-Infinity]", "[", ""])
def test_what_is_no_json(text):
    with pytest.raises(ValueError, match=r"JSON|Expecting|unexpected"):
        parse_json(text.encode())


@given(_VALUES)
def test_what_was_written_compactly_is_read_back(value):
    assert repr(parse_json(compact_json(value))) == repr(json.loads(json.dumps(value)))


def test_lone_surrogates_are_kept():
    assert parse_json(compact_json({"a": "\udc80"})) == {"a": "\udc80"}


def test_json_is_sorted_and_readable():
    assert json_text({"b": "é", "a": [1]}) == '{\n  "a": [\n    1\n  ],\n  "b": "é"\n}\n'
    with pytest.raises(ValueError, match="JSON compliant"):
        json_text({"a": float("nan")})


@given(st.dictionaries(st.text(), _VALUES, max_size=5))
def test_packed_values_are_those_of_a_file(values):
    packed = PackedJson()
    for key, value in values.items():
        packed.pack(key, "replaced")
        packed.pack(key, value)
    assert list(packed) == list(values) and len(packed) == len(values)
    assert all(key in packed for key in values) and "no such key" * 9 not in packed
    assert dict(packed) == values
    content = b"".join(packed.to_lines("head"))
    assert list(PackedJson.from_bytes(content, "head").items()) == list(values.items())
    assert dict(PackedJson.from_bytes(content, "other")) == {}
    turned = sorted(values, reverse=True)[:3]
    seen = packed.only(turned).view(lambda value: [value]).view(len)
    assert list(seen.items()) == [(key, 1) for key in turned]


def test_packed_values_take_a_fraction_of_the_memory():
    def pixels(i):
        return {f"annotator {n}": {"0": [i, n, 1.5], "1": [n, i, 2.5]} for n in range(20)}

    tracemalloc.start()
    plain = {str(i): pixels(i) for i in range(100)}
    whole, _ = tracemalloc.get_traced_memory()
    packed = PackedJson()
    for key, value in plain.items():
        packed.pack(key, value)
    both, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert packed["7"] == pixels(7) and both - whole < whole / 4
