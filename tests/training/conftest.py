"""Loads fastai once, behind what lets it be imported beside the CPU build of torch."""

import importlib
import warnings

from tests.training.operators import torch

if torch is not None:
    with warnings.catch_warnings():  # of libraries while they load; our own count
        warnings.simplefilter("ignore")
        importlib.import_module("fastai.vision.all")
