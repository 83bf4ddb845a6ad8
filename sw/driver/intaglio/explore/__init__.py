"""Searches over configurations, formats and peers."""
