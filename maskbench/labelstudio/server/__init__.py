"""Label Studio's server: everything that speaks HTTP."""
