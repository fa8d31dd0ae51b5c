"""Convolution written out: its matrix, its transpose, kernels with holes, unpooling."""
