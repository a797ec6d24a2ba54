"""One screen a file: the main screen, and the layers that open above it."""
