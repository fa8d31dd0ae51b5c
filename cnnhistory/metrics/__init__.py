"""How good a result is: thin wrappers around well-kept libraries where they have the measure."""
