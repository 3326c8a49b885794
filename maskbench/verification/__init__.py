"""The single checks of ``maskbench verify``; :mod:`maskbench.verify` runs them all."""
