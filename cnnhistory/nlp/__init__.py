"""Language: search for the best translation, and what a trained translator is kept in."""
