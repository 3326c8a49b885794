"""Image references and keys: what names a file, and names that are safe everywhere."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskbench.labelstudio.image_names import (
    public_form,
    reference_parts,
    task_key,
    without_upload_prefix,
)

LOCAL = "/data/local-files/?d="


@pytest.mark.parametrize(
    ("reference", "path"),
    [
        (
            "/data/upload/1/43fa2d60-leaf_1_%C3%A9t%C3%A9.png",
            "data/upload/1/43fa2d60-leaf_1_été.png",
        ),
        (f"{LOCAL}hall/wall.jpg", "hall/wall.jpg"),
        (f"{LOCAL}hall%5Cwall%201.jpg", "hall/wall 1.jpg"),  # written on Windows
        (f"{LOCAL}hall\\wall.jpg&x=1", "hall/wall.jpg"),
        ("/ls/data/local-files?d=a.jpg", "a.jpg"),  # behind a prefix, without the slash
        ("http://host/ls/data/local-files/?d=%C3%BC.png", "ü.png"),
        ("images/hall/wall (1).jpg", "images/hall/wall (1).jpg"),
        ("./hall//wall.jpg", "hall/wall.jpg"),
        ("wall#2.jpg", "wall#2.jpg"),
        ("wall?.jpg", "wall?.jpg"),
        ("100%.jpg", "100%.jpg"),
        ("https://host/a%2Fb.jpg?X-Amz-Signature=1%2F2", "a/b.jpg"),
        ("s3://bucket/some/key.png", "some/key.png"),
        ("C:\\scenes\\wall.jpg", "scenes/wall.jpg"),
    ],
)
def test_references_to_paths(reference, path):
    assert "/".join(reference_parts(reference)) == path


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("../secret.jpg", "climbs out"),
        ("a/../../secret.jpg", "climbs out"),
        (f"{LOCAL}../secret.jpg", "climbs out"),
        (f"{LOCAL}%2e%2e%2fsecret.jpg", "climbs out"),
        (f"{LOCAL}a%5C..%5C..%5Csecret.jpg", "climbs out"),
        ("/data/upload/%2E%2E/secret.jpg", "climbs out"),
        ("", "names no file"),
        ("/", "names no file"),
        (LOCAL, "names no file"),
        ("/data/local-files/", "names no file"),
        ("a%00.jpg", "names no file"),
        ("data:image/png;base64,iVBOR", "stands in the task's data itself"),
        ("http://[", "Invalid IPv6 URL"),
    ],
)
def test_references_that_name_no_file(reference, message):
    with pytest.raises(ValueError, match=message):
        reference_parts(reference)


@pytest.mark.parametrize(
    ("reference", "key"),
    [
        ("/data/upload/1/43fa2d60-wall.jpg", "000012_wall"),  # Label Studio's prefix goes
        ("/data/upload/1/43fa2d6-wall.jpg", "000012_43fa2d6_wall"),  # seven digits are a name
        ("wall 1.final.jpg", "000012_wall_1_final"),  # spaces and dots
        ("Mauer-größe_é.png", "000012_Mauer_groe_e"),
        ("日本.png", "000012"),  # nothing readable is left
        ("../../etc/passwd", "000012"),
        ("hall\\..wall..jpg", "000012_wall"),
        (".hidden", "000012_hidden"),
        ("CON.png", "000012_CON"),
        ("a" * 300 + ".png", "000012_" + "a" * 60),
        ("data:image/png;base64,iVBOR", "000012"),
        (None, "000012"),
    ],
)
def test_keys(reference, key):
    assert task_key(12, reference) == key


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.text(max_size=40), st.text(max_size=40))
def test_any_names_give_safe_and_different_keys(one, other, name, other_name):
    keys = task_key(one, name), task_key(other, other_name)
    assert all(re.fullmatch(r"\d{6,}(_[A-Za-z0-9_]*[A-Za-z0-9])?", key) for key in keys)
    assert one == other or keys[0].casefold() != keys[1].casefold()


def test_only_the_prefix_of_an_upload_is_removed():
    assert without_upload_prefix("0123abcd-a.jpg") == "a.jpg"
    assert without_upload_prefix("0123ABCD-a.jpg") == "0123ABCD-a.jpg"
    assert without_upload_prefix("a-0123abcd-a.jpg") == "a-0123abcd-a.jpg"


@pytest.mark.parametrize(
    ("reference", "shown"),
    [
        ("https://b/a.png?X-Amz-Credential=AKIA&X-Amz-Signature=0f", "https://b/a.png?…"),
        ("https://b/a.png?sv=1&sig=0f%3D", "https://b/a.png?…"),  # Azure
        ("https://b/a.png?GoogleAccessId=x&Signature=0f", "https://b/a.png?…"),
        ("https://b/a.png?token=0f", "https://b/a.png?…"),
        ("https://b/a.png?size=2&design=3", "https://b/a.png?size=2&design=3"),
        ("a" * 300, "a" * 200 + "…"),
    ],
)
def test_messages_show_no_signature(reference, shown):
    assert public_form(reference) == shown
