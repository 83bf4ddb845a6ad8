"""The benches: the gates against the reference, and the simulated device."""
