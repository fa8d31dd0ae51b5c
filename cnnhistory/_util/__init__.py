"""Small helpers that more than one room needs, each once."""
