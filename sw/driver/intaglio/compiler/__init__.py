"""From a quantised model file to a program for one configuration."""
