"""Ways to join what two layers or more have made: shortcuts, and maps of several sizes."""
