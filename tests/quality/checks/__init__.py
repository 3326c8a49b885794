"""Each check fires on a literal case, and does not on one beside it."""
