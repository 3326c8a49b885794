"""Report a comparison in words: the sections that all reports share, and each report."""
