"""Draw an image of a benchmark with matplotlib (the extra ``plot``)."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from maskbench.errors import MaskbenchError
from maskbench.files.masks import values_in
from maskbench.pages.palette import hex_color, overlay_palette, palette
from maskbench.params import IGNORE, IGNORED

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Pixels = npt.NDArray[np.uint8]

_SIDE = 4.0  # inches of a panel


def draw_figure(
    title: str, image: Pixels, masks: Mapping[str, Pixels], classes: Sequence[str]
) -> "Figure":
    """Return a figure with a scene, masks, and the first mask laid over the scene.

    Args:
        title: What stands above.
        image: Shape (H, W, 3), uint8.
        masks: Class values by title, each of shape (H, W), uint8.
        classes: Class names by value, for the legend.

    Raises:
        MaskbenchError: matplotlib is not installed.
    """
    try:
        from matplotlib import pyplot
        from matplotlib.patches import Patch
    except ModuleNotFoundError:
        raise MaskbenchError(
            "plotting needs matplotlib: pip install matplotlib, or maskbench with the extra `plot`"
        ) from None
    first = next(iter(masks.values()))
    layers = {"image": [image], **{name: [palette()[mask]] for name, mask in masks.items()}}
    layers["overlay"] = [image, overlay_palette(len(classes))[first]]
    height = _SIDE * image.shape[0] / image.shape[1]
    figure: Figure
    figure, panels = pyplot.subplots(
        ncols=len(layers), figsize=(_SIDE * len(layers), height + 1), layout="constrained"
    )
    for panel, (name, pictures) in zip(panels, layers.items(), strict=True):
        for picture in pictures:
            panel.imshow(picture, interpolation="none")
        panel.set_title(name)
        panel.set_axis_off()
    present = sorted({value for mask in masks.values() for value in values_in(mask)})
    names = {**dict(enumerate(classes)), IGNORE: IGNORED}
    patches = [
        Patch(facecolor=hex_color(tuple(palette()[value])), edgecolor="grey", label=names[value])
        for value in present
        if value in names
    ]
    figure.legend(handles=patches, loc="outside lower center", ncols=4, frameon=False)
    figure.suptitle(title)
    return figure
