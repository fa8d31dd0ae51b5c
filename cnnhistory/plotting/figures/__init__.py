"""What only one chapter draws: a file for each chapter, by its name."""
