"""A small automatic differentiator to be read: arrays, the steps between them, the way back."""
