"""Rewrites of networks, each with a certificate of what it changes in the results."""
