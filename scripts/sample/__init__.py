"""Paint the bundled sample: scenes whose exact masks are known."""
