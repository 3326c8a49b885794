"""Read what Label Studio writes: exports, tasks and images, from a folder or a server."""
