"""Proofs that the benchmark cannot be used against the team that builds it."""
