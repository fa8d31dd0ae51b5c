"""Networks after the visual cortex, which learn without a teacher."""
