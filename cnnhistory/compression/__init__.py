"""Networks made small: pruned, quantized, coded, binary."""
