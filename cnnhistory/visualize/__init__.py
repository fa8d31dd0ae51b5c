"""Code that looks inside a network."""
