"""Scoring predictions: counting, figures, intervals, and what a person looks at."""
