"""Make a team's own dataset repository, and update it to a newer maskbench."""
