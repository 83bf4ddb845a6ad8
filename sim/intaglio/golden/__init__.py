"""The reference: exact-integer numpy of every operator, and a device without gates."""
