"""What lies on disk: one file a format, written atomically and with deterministic bytes."""
