"""YAML as DVC reads it: scalars against ruamel.yaml, and what is refused."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML, YAMLError, main

from maskbench.files.yaml import parse_yaml


def as_dvc(text):
    return YAML(typ="safe").load(text)


def same(one, other):
    if isinstance(one, float) and math.isnan(one):
        return isinstance(other, float) and math.isnan(other)
    return type(one) is type(other) and one == other


# (text, value); PyYAML's own loader reads those marked * otherwise
SCALARS = [
    ("No", "No"),  # * False
    ("no", "no"),  # *
    ("yes", "yes"),  # *
    ("On", "On"),  # *
    ("off", "off"),  # *
    ("y", "y"),
    ("true", True),
    ("True", True),
    ("FALSE", False),
    ("tRue", "tRue"),
    ("010", 10),  # * 8
    ("0o10", 8),  # * "0o10"
    ("08", 8),  # * "08"
    ("0x1F", 31),
    ("-0x1f", -31),
    ("0b11", 3),
    ("1_000", 1000),
    ("+5", 5),
    ("-0", 0),
    ("1e-3", 0.001),  # * "1e-3"
    ("1e3", 1000.0),  # *
    ("1.5e3", 1500.0),  # * "1.5e3"
    ("1.", 1.0),
    (".5", 0.5),
    ("-.5", -0.5),
    ("1.5.2", "1.5.2"),
    (".inf", math.inf),
    ("-.INF", -math.inf),
    (".nan", math.nan),
    ("inf", "inf"),
    ("nan", "nan"),
    ("1:30", "1:30"),  # * 90
    ("12:30:45", "12:30:45"),  # * 45045
    ("190:20:30.15", "190:20:30.15"),  # * a number
    ("", None),
    ("~", None),
    ("Null", None),
    ("nULL", "nULL"),
    ("None", "None"),
    ("0.7", 0.7),
    ("2026", 2026),
    ("2026-11", "2026-11"),
    ("'2026-11-22'", "2026-11-22"),
    ('"0x1F"', "0x1F"),
    ("'010'", "010"),
    ("1.0.0", "1.0.0"),
    ("0x", "0x"),
    ("_", "_"),
    (".", "."),
    ("é ü", "é ü"),
    ("a#b", "a#b"),
]


@pytest.mark.parametrize(("text", "value"), SCALARS)
def test_scalars_are_what_dvc_sees(text, value):
    assert same(parse_yaml(text), value)
    assert same(as_dvc(text), value)
    assert same(parse_yaml(f"key: {text}  # note")["key"], value)
    if ":" not in text:  # refused between brackets, see below
        assert same(parse_yaml(f"key: [{text or '~'}]")["key"][0], value)


pieces = st.sampled_from(
    [*"0178.-+_eExob:~fanTZ ", ".inf", ".nan", "null", "true", "no", "on", "0x", "0o", "e-", "30"]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(pieces, min_size=1, max_size=6).map("".join))
def test_any_scalar_is_what_dvc_sees(text):
    try:
        expected = as_dvc(f"a: {text}\n")["a"]
    except Exception:
        return  # DVC refuses it: nothing to agree on
    assert same(parse_yaml(f"a: {text}\n")["a"], expected)


@pytest.mark.parametrize("key", ["No", "010", "1e-3", "12:30:45", "~", "true", "'1'"])
def test_keys_are_what_dvc_sees(key):
    read, expected = parse_yaml(f"{key}: x"), as_dvc(f"{key}: x")
    assert [(type(k), k) for k in read] == [(type(k), k) for k in expected]


@pytest.mark.parametrize(
    "text",
    [
        "a: &x {b: 1}\nc:\n  <<: *x\n  d: 2\n",  # a mapping copied into another
        "a: &x {b: 1}\nc:\n  b: 2\n  <<: *x\n",  # what stands there itself goes first
        "a: &x [1, 2]\nb: *x\n",
        "a: |\n  two\n  lines\nb: >-\n  one\n  line\n",
        "a:\n- 1\n-\n- b: 2\n  c:\n",
        '{a: 1, "b": [x, {y: z}]}',
        "---\na: 1\n...\n",
        "# nothing\n",
    ],
)
def test_structures_are_what_dvc_sees(text):
    assert parse_yaml(text) == as_dvc(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "line 3, column 1: found the key 'a' twice"),
        ("x:\n  a: 1\n  a: 1\n", "line 3, column 3: found the key 'a' twice"),
        ("{1: a, 0x1: b}", "found the key 1 twice"),
        ("a: 2026-11-22\n", r"line 1, column 4: the date 2026-11-22 has to stand in quotes: '2026"),
        ("a: 2026-11-22 10:00:00\n", "the date 2026-11-22 10:00:00 has to stand in quotes"),
        ("a: 2026-11-22T10:00:00Z\n", "has to stand in quotes"),
        ("2026-11-22: a\n", "has to stand in quotes"),
        ("a: [b, x:3]", "line 1, column 8: x:3 has to stand in quotes between brackets: 'x:3'"),
        ("a: {b: [x:y]}", "line 1, column 9: x:y has to stand in quotes"),
        ("a: {b: http://c}", "http://c has to stand in quotes"),
        ("a: !local 1", "could not determine a constructor for the tag '!local'"),
        ("a: !!python/name:os.system x", "could not determine a constructor"),
        ("a: !!python/object/apply:os.system ['true']", "could not determine a constructor"),
        ("a: 1\n---\nb: 2\n", "line 2, column 1: but found another document"),
        ("a: 'b", "line 1, column 6: found unexpected end of stream"),
        ("\ta: 1", r"line 1, column 1: found character '\\t'"),
        ("a: 1\n b: 2", "line 2, column 3: mapping values are not allowed here"),
        ("a: [1, 2", "line 1, column 9: expected ',' or '\\]'"),
        ("? [a]\n: 1", "line 1, column 3: found unhashable key"),
        ("a: *nowhere", "found undefined alias 'nowhere'"),
        ("a: \x01", "special characters are not allowed"),
        ("[" * 5000, "nested too deeply"),
        ("a: 1\nb: 0x" + "f" * 5000, "line 2: a number of 5002 digits"),
        ("? 0b" + "1" * 20_000 + "\n: x", "line 1: a number of 20002 digits"),
        ("a: " + "9" * 5000, "line 1: a number of 5000 digits"),
    ],
)
def test_what_is_refused_says_where(text, message):
    with pytest.raises(ValueError, match=message):
        parse_yaml(text)


@pytest.mark.parametrize("text", ["[x:3]", "[a, x:y]", "{a: x:y}", "{x:y: a}", "[12:30]"])
def test_a_colon_between_brackets_is_refused_as_by_dvc(text):
    with pytest.raises(YAMLError):
        as_dvc(text)
    with pytest.raises(ValueError, match="quotes"):
        parse_yaml(text)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab:-[]{}&*!|>'\"%@`,?#\n 01~<=", max_size=25))
def test_no_text_gives_another_error(text):
    try:
        parse_yaml(text)
    except ValueError as error:
        assert str(error)


def test_dvc_has_the_fast_parser():
    """Without it a third of the time of a `dvc repro` with nothing to do is reading dvc.lock."""
    assert main.CParser is not None
