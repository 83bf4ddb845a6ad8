"""Runs a program with real inputs on any device."""
