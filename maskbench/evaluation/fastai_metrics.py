"""Score a fastai learner while it trains, as ``maskbench evaluate`` scores its predictions."""

from typing import Any

import numpy as np
import torch
from fastai.vision.all import Metric

from maskbench.evaluation.confusion import Counts
from maskbench.params import IGNORE


class _Confusion(Metric):
    """Count (truth, prediction) pairs over a validation run, without ignored pixels."""

    counts: Counts | None = None

    def reset(self) -> None:
        """Forget what was counted."""
        self.counts = None

    def accumulate(self, learn: Any) -> None:
        """Count a batch: ``learn.pred`` is (N, C, H, W), ``learn.y`` (N, H, W)."""
        classes = learn.pred.shape[1]
        truth, predicted = learn.y.flatten(), learn.pred.argmax(dim=1).flatten()
        counted = truth != IGNORE
        pairs = torch.bincount(
            truth[counted] * classes + predicted[counted], minlength=classes * classes
        )
        counts = pairs.cpu().numpy().reshape(classes, classes)
        self.counts = counts if self.counts is None else self.counts + counts


class MeanIoU(_Confusion):
    """Mean IoU over the classes in truth or prediction."""

    @property
    def value(self) -> float | None:
        """Return the figure so far; None before the first batch."""
        if self.counts is None:
            return None
        hit = np.diag(self.counts)
        union = self.counts.sum(axis=0) + self.counts.sum(axis=1) - hit
        present = union > 0
        return float((hit[present] / union[present]).mean()) if present.any() else None

    @property
    def name(self) -> str:
        """Name its column in fastai's table."""
        return "mean_iou"


class PixelAccuracy(_Confusion):
    """Share of the counted pixels that are right."""

    @property
    def value(self) -> float | None:
        """Return the figure so far; None before the first batch."""
        if self.counts is None or not self.counts.any():
            return None
        return float(np.trace(self.counts) / self.counts.sum())
