"""A page for each error code: what it means, what follows, what to do."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from intaglio.api.reference import EXIT_CODES, FAMILIES
from intaglio.spec.errors import CODES, Finding, UsageError

# What each family is, and the first thing to do.
WORDS = {
    "E1": (
        "The command line asks for something that cannot be.",
        "Read --help of the verb: the message names the option, what it got and what it takes.",
    ),
    "E2": (
        (
            "A configuration, target, coefficient or unit is not as it should be; all faults of a "
            "file are reported together."
        ),
        "Mend the line that the message names; docs/reference/configuration.md lists every key.",
    ),
    "E3": (
        "A model, program, report or tensor cannot be used as it is.",
        "intaglio check MODEL lists all that stands in the way; intaglio ops what is supported.",
    ),
    "E4": (
        "It is understood, but does not fit: a layer the buffers, or a design the part.",
        "Take the configuration that the message names; intaglio explore --fit TARGET finds more.",
    ),
    "E5": (
        "A tool that this verb needs is missing, too old or not reachable.",
        "intaglio doctor prints what was found and the command that mends it.",
    ),
    "E6": (
        "An external tool started and failed; what had finished before is kept.",
        "Read the lines of its log in the message; the same command goes on from the cache.",
    ),
    "E7": (
        "A device did not answer, or reported a fault.",
        (
            "Run the same with --device golden: if that passes, the fault is in the device or its "
            "memory."
        ),
    ),
    "E9": (
        "A fault of Intaglio itself.",
        "Run again with --debug and report the traceback with the versions of intaglio doctor.",
    ),
}
# Codes with more to say than their family.
MORE = {
    "E104": "The size of a space is the product of its values. --limit N agrees to N points.",
    "E205": "intaglio boards lists the targets.",
    "E208": "intaglio power --list-coefficients prints every name with its source.",
    "E209": "Each needs value, low, high, unit, kind and source; kind assumed makes all figures "
    "that it enters relative only.",
    "E303": "intaglio ops lists the operators and what runs on the host instead.",
    "E314": "Reports carry a schema version; make the old one again with this version.",
    "E401": "Larger memory.acts_kib, or fewer array.pixels, leave more room for each strip.",
    "E402": "array.max_terms sets the longest sum that the accumulator holds.",
    "E406": "The figures are those of the netlist where it was built, else of the estimate.",
    "E407": "The error names the smallest design of the space and by how much it is too large.",
    "E408": "The error names the least cost that any allocation has.",
    "E503": "Finished results are kept; the same command without --cluster goes on locally.",
}


@dataclass(frozen=True)
class Explanation:
    """What is to be said about an error code."""

    code: str
    meaning: str
    family: str
    exit_code: int
    advice: str

    def as_dict(self) -> dict[str, object]:
        """Return the fields for JSON."""
        return dict(vars(self))


def explain(code: str) -> Explanation:
    """Return the page of `code`.

    Raises
    ------
    UsageError
        E105: there is no such code.
    """
    name = code.upper()
    if name not in CODES:
        near = get_close_matches(name, CODES, 1)
        raise UsageError(
            Finding(
                "E105",
                f"no error code is called {code}",
                where="command line",
                have=code,
                need=", ".join(CODES),
                help=f"did you mean {near[0]}?" if near else "the message in question names it",
            )
        )
    family, first = WORDS[name[:2]]
    advice = f"{MORE[name]} {first}" if name in MORE else first
    exit_code = EXIT_CODES.get(name, FAMILIES[name[:2]].exit_code)
    return Explanation(name, CODES[name], family, exit_code, advice)
