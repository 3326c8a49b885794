"""Will the next ``dvc repro`` work? Looks at everything it needs, and changes nothing."""
