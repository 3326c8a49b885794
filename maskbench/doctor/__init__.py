"""Check everything that the next ``dvc repro`` needs; change nothing."""
