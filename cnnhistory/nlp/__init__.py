"""Language: search for the best translation, what keeps a trained translator, bags of words."""
