"""Sentences in two languages: message catalogues of programs, and canonical parallel corpora."""
