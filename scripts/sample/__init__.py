"""The bundled sample: scenes that are painted here, so that their exact masks are known."""
