"""Classification networks, one file per paper or family, in the paper's own terms."""
