"""The public Python names: load, compile, run, simulate."""
