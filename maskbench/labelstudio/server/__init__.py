"""Talk to a Label Studio server: everything that uses its HTTP interface."""
