"""System 39: YOLO-MS."""

from __future__ import annotations

from intaglio.ledger.entry import Clause, Entry, Verdict, judge, passed
from intaglio.ledger.layers import TINY, Net, Ran, run
from intaglio.spec.commands import Opcode, decode
from intaglio.spec.graph import Graph

STAGES = (3, 5, 7, 9)
CHANNELS, BRANCHES = 8, 3


def block(kernel: int) -> Graph:
    """Return an MS-Block: an untouched part, and branches of PW, depthwise and PW.

    Branch i works on its part plus the output of branch i - 1. Parts and outputs are tensors of
    their own, as split and concatenation leave them; the last 1x1 is the sum of one for each part.
    """
    net = Net(f"ms-{kernel}", kernel)
    parts = [net.input(10, 9, CHANNELS) for _ in range(BRANCHES)]
    outputs = [parts[0]]
    for part in parts[1:]:
        source = part if len(outputs) == 1 else net.add(part, outputs[-1])
        wide = net.conv(source, outputs=2 * CHANNELS)
        mixed = net.conv(wide, depthwise=True, kernel=(kernel, kernel), padding="same")
        outputs.append(net.conv(mixed, outputs=CHANNELS))
    joined = [net.conv(output, outputs=2 * CHANNELS) for output in outputs]
    total = joined[0]
    for other in joined[1:]:
        total = net.add(total, other)
    return net.graph(*outputs[1:], total)


def _stages() -> dict[int, Ran]:
    return {kernel: run(block(kernel), TINY) for kernel in STAGES}


def whole() -> Verdict:
    """Run the block of every stage in gates, with every branch's output compared."""
    done = _stages()
    total = sum(ran.compared for ran in done.values())
    return passed(f"MS-Blocks with k = {STAGES}: {total} codes in gates, 0 differ")


def overlap() -> Verdict:
    """Look for loads under way beside sums, and for results in the order of the branches."""
    ran = run(block(5), TINY)
    sums = ran.counters["MAC_CYCLES"]
    beats = ran.counters["READ_BEATS"] + ran.counters["WRITE_BEATS"]
    serial = sums + beats
    loads = sum(opcode is not Opcode.COMPUTE for opcode, _ in decode(ran.program.commands))
    return judge(
        ran.cycles < serial + ran.counters["VECTOR_CYCLES"],
        f"{ran.cycles} cycles for {sums} of sums, {ran.counters['VECTOR_CYCLES']} of additions and "
        f"{beats} beats of {loads} loads and stores: less than one after the other",
    )


def configured() -> Verdict:
    """Compare the accelerators of all stages: one, only the programs differ."""
    done = _stages()
    digests = {ran.program.config_digest for ran in done.values()}
    programs = {ran.program.commands for ran in done.values()}
    return judge(
        len(digests) == 1 and len(programs) == len(STAGES),
        f"{len(programs)} programs for k = {STAGES} on {len(digests)} accelerator",
    )


ENTRY = Entry(
    number=39,
    name="YOLO-MS",
    kind="B",
    claim="MS-Block hierarchical multi-kernel branches. ~+2 AP vs RTMDet; v8-N 37 -> 40",
    operator="split -> (PW -> DW k -> PW)xn with branch i adding branch i-1; k=3,5,7,9 by stage",
    clauses=(
        Clause("Whole MS-Block bit-exact", whole),
        Clause("scheduler honours the branch dependency chain and still overlaps DMA", overlap),
        Clause("per-stage k changed by configuration, not regenerated RTL", configured),
    ),
)
