"""Label Studio: its tasks, annotations and regions, its brush encoding, its HTTP interface."""
