"""Read, compare, download, merge and refresh versions: everything that calls git and DVC."""
