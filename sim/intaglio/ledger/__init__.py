"""The published systems, each with the check that decides whether it works here."""
