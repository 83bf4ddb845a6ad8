"""Python packages that a job needs and an installation may lack."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

from intaglio.spec.errors import EnvironmentFault, Finding


def require_packages(packages: Sequence[str], extras: str) -> None:
    """Check that every package can be imported.

    Parameters
    ----------
    packages : sequence of str
        Names as they are imported.
    extras : str
        Extras of Intaglio that bring them, separated by commas.

    Raises
    ------
    EnvironmentFault
        E501, with all that are missing.
    """
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        raise EnvironmentFault(
            Finding(
                "E501",
                f"{', '.join(missing)} is not installed",
                where="Python environment",
                have=f"no package {missing[0]}",
                need=", ".join(packages),
                help=f"pip install 'intaglio[{extras}]'",
            )
        )
