"""Colours of classes."""

from maskbench.pages.palette import voc_color


def test_pascal_colours():
    colours = {1: 0x800000, 2: 0x008000, 3: 0x808000, 4: 0x000080, 8: 0x400000, 20: 0x004080}
    assert {value: bytes(voc_color(value)) for value in colours} == {
        value: colour.to_bytes(3, "big") for value, colour in colours.items()
    }
