"""From real numbers to integers: calibrates, folds, quantises and allocates bits."""
