"""Cost and performance without running any tool."""
