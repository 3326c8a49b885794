"""Make a dataset repository of a team's own, and bring it up to date with a newer maskbench."""
