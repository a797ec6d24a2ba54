"""One widget a file. Widgets show what they are given and post what was asked of them; none reads a store."""
