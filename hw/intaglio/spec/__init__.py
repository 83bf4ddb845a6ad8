"""The contract: formats, records, registers and files that every other package reads."""
