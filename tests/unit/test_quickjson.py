"""The fast reader of JSON: it reads what Python's reads, or says that it will not."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskbench.quickjson import load_json, plain_json, short_json

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(_VALUES, st.sampled_from([None, 2]))
def test_the_same_values_or_none(value, indent):
    content = json.dumps(value, indent=indent).encode()
    found = plain_json(content)
    assert found is None or repr(found) == repr(json.loads(content))


@pytest.mark.parametrize(
    "text",
    [
        "[18446744073709551616]", '{"a":-9223372036854775809}', "[1, 123456789012345678901]",
        "1234567890123456789012", "[NaN]", "[1e400]", '["\\ud800"]', "\ufeff[]", "[", "",
    ],
)  # fmt: skip
def test_what_readers_disagree_about_is_left_to_others(text):
    assert plain_json(text.encode()) is None


@pytest.mark.parametrize("text", ["[0.00012345678901234567]", '["12345678901234567890"]', "[-0]"])
def test_long_fractions_and_texts_are_plain(text):
    assert repr(plain_json(text.encode())) == repr(json.loads(text))


@given(_VALUES)
def test_a_memory_gives_back_what_was_kept(value):
    kept = load_json(short_json(value))
    assert kept == value or any(abs(n) >= 2**63 for n in _numbers(value))


def test_lone_surrogates_are_kept():
    assert load_json(short_json({"a": "\udc80"})) == {"a": "\udc80"}


def _numbers(value):
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return [n for entry in inner for n in _numbers(entry)]
    return [value] if isinstance(value, int | float) else []
