"""Say what to label next, and which labels to look at again, from a model's predictions."""
