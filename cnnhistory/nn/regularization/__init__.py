"""What keeps a network from learning by heart: noise in the units, a price on the weights."""
