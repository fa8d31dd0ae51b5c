"""Training for any LightningModule: `fit`, callbacks, recipes of optimizers and schedules."""
