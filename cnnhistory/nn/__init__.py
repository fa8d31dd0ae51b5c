"""Building blocks that two networks or more share."""
