"""A network whose filters are not learned: wavelets, moduli, averages."""
