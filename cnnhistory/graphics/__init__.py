"""Applications in graphics, a room for each."""
