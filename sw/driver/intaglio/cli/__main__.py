"""``python -m intaglio.cli`` is ``intaglio``."""

from intaglio.cli import main

main()
