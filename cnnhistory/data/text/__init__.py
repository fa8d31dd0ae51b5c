"""Sentences: words, vocabularies, padded batches, word vectors, and the data sets made of them."""
