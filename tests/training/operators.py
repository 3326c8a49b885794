"""What lets PyPI's torchvision be imported beside the CPU build of torch; imported before it."""

import sys

try:
    import torch
except ModuleNotFoundError:  # then the tests that need it say so
    torch = None

if torch is not None and "+cpu" in torch.__version__ and "torchvision" not in sys.modules:
    # PyPI's torchvision is built against CUDA's torch: beside the CPU build its compiled operators
    # cannot be registered, and importing it fails unless somebody else declares them first.
    _operators = torch.library.Library("torchvision", "DEF")
    for _name in ("nms", "qnms"):
        _operators.define(f"{_name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
