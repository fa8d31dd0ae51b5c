"""The four numbers of tokens that are no words, the same for all vocabularies of sequences."""

PAD = 0  # fills a sequence up to the length of its batch
UNKNOWN = 1
BEGIN = 2  # stands before the first word of a target
END = 3  # stands behind the last word of a source and of a target
