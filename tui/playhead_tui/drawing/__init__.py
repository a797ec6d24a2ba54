"""Pure renderers: data in, lines of spans out. They know roles, not colours, and no Textual."""
