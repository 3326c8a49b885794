"""How good the labels are: how far several annotators of the same images agree."""
