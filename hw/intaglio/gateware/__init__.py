"""The gates: Amaranth components of the accelerator, and Verilog from a configuration."""
