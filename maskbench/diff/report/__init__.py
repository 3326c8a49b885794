"""A comparison in words: the sections that all reports share, and the reports themselves."""
