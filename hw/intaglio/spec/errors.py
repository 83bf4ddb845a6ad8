"""One family of errors: each carries a stable code and all that the user needs to mend it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Finding:
    """One fault: what is wrong, where, what was found, what is allowed and how to mend it.

    Parameters
    ----------
    code : str
        A key of :data:`CODES`; its first digit is the family.
    message : str
        What is wrong, with the offending value.
    where : str
        File, line, key, layer or tensor.
    have, need : str
        The value found and the values allowed, with units.
    help : str
        The next thing to do.
    """

    code: str
    message: str
    where: str = ""
    have: str = ""
    need: str = ""
    help: str = ""

    def __post_init__(self) -> None:
        if self.code not in CODES:
            raise ValueError(f"error code {self.code} is not in intaglio.spec.errors.CODES")

    def as_dict(self) -> dict[str, str]:
        """Return the fields as plain text, for ``--json``."""
        return asdict(self)


class IntaglioError(Exception):
    """Base of all errors that Intaglio raises on purpose.

    Parameters
    ----------
    findings : Finding or iterable of Finding
        All faults found, worst first; never empty.
    """

    exit_code = 70

    def __init__(self, findings: Finding | Iterable[Finding]) -> None:
        self.findings = (findings,) if isinstance(findings, Finding) else tuple(findings)
        if not self.findings:
            raise ValueError("an error needs at least one finding")
        super().__init__("; ".join(f"{f.code}: {f.message}" for f in self.findings))


class UsageError(IntaglioError):
    """The command line asks for something that cannot be (E1xx)."""

    exit_code = 2


class ConfigError(IntaglioError):
    """A configuration value is not allowed (E2xx)."""

    exit_code = 3


class ModelError(IntaglioError):
    """A model, program or tensor file cannot be used (E3xx)."""

    exit_code = 3


class FitError(IntaglioError):
    """A layer or program does not fit the configuration (E4xx)."""

    exit_code = 4


class EnvironmentFault(IntaglioError):
    """A tool is missing or too old (E5xx)."""

    exit_code = 5


class ToolError(IntaglioError):
    """An external tool failed (E6xx)."""

    exit_code = 6


class DeviceError(IntaglioError):
    """A device did not answer or reported a fault (E7xx)."""

    exit_code = 7


CODES: dict[str, str] = {
    "E101": "an option has a value that is not allowed",
    "E102": "two options exclude each other",
    "E103": "a file named on the command line cannot be read or written",
    "E104": "a search space is empty, or larger than was agreed to",
    "E105": "no error code of this name exists",
    "E201": "the configuration file is not TOML",
    "E202": "a configuration key does not exist",
    "E203": "a configuration value is not allowed",
    "E204": "no preset and no file has this name",
    "E205": "no target has this name",
    "E206": "no number format has this name",
    "E207": "no arithmetic unit has this name",
    "E208": "no coefficient has this name",
    "E209": "a coefficient is incomplete or not allowed",
    "E301": "the file is no model of a known format",
    "E302": "the model file is damaged",
    "E303": "an operator is not supported",
    "E304": "a tensor type or quantisation is not supported",
    "E305": "an input has the wrong shape",
    "E306": "an input has the wrong type or holds values that cannot be quantised",
    "E307": "a reference file does not fit the model",
    "E308": "a weight is outside the range of its lane",
    "E311": "the program file is damaged",
    "E312": "the program file has another schema version",
    "E313": "the program was made for another configuration",
    "E314": "a report is damaged or has another schema version",
    "E401": "a tensor is too large for the buffers",
    "E402": "an accumulator could overflow",
    "E403": "a geometry exceeds the range of the command fields",
    "E404": "a group size does not divide the channels",
    "E405": "a precision is asked for that the array was not built for",
    "E406": "the design does not fit the part",
    "E407": "no configuration of the space fits the part",
    "E408": "no allocation of bits meets the budget",
    "E501": "a tool is missing",
    "E502": "a tool is too old",
    "E503": "a scheduler cannot be reached",
    "E601": "an external tool failed",
    "E602": "a bench failed",
    "E701": "the device reported a fault",
    "E702": "the device did not finish in time",
    "E703": "the gates differ from the golden model",
    "E704": "the device has no performance counters",
    "E901": "internal error",
}
