"""Place and route: from a configuration and a target to resources, clock and files for a board."""
