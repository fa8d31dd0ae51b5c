"""Training and evaluation shared by more than one system."""
