"""The single checks of ``maskbench verify``; :mod:`maskbench.verification.verify` runs them all."""
