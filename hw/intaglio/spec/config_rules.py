"""What each parameter of an accelerator may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from intaglio.spec.commands import LIST_WORD, TABLE, TAP, WORDS

if TYPE_CHECKING:
    from intaglio.spec.config import ArrayConfig


def config_faults(config: ArrayConfig) -> list[tuple[str, object, str]]:
    """Return (key, value, what is allowed) of each bad value of a configuration."""
    powers = [1 << i for i in range(9)]
    rules: list[tuple[str, object, bool, str]] = [
        ("pixels", config.pixels, config.pixels in powers[:6], "1, 2, 4, 8, 16 or 32"),
        ("channels", config.channels, config.channels in powers[2:7], "4, 8, 16, 32 or 64"),
        ("depth", config.depth, config.depth in powers[:4], "1, 2, 4 or 8"),
        (
            "requant_lanes",
            config.requant_lanes,
            config.requant_lanes in powers and config.requant_lanes <= config.channels,
            f"a power of two, at most channels = {config.channels}",
        ),
        ("burst_beats", config.burst_beats, config.burst_beats in powers, "a power of two to 256"),
        ("outstanding", config.outstanding, 1 <= config.outstanding <= 16, "1 to 16"),
        ("max_terms", config.max_terms, 1 <= config.max_terms <= 131071, "1 to 131071"),
        ("command_queue", config.command_queue, 0 <= config.command_queue <= 8, "0 to 8"),
        ("address_bits", config.address_bits, 16 <= config.address_bits <= 32, "16 to 32"),
        (
            "roundings",
            [int(mode) for mode in config.roundings],
            bool(config.roundings) and len(set(config.roundings)) == len(config.roundings),
            "at least one mode, each once",
        ),
    ]
    faults = [(key, value, need) for key, value, good, need in rules if not good]
    faults += config.lanes.faults()
    if not faults:
        if config.depth > config.channels:
            faults.append(("depth", config.depth, f"at most channels = {config.channels}"))
        sizes = (
            ("acts_kib", config.acts_kib, config.act_bytes * config.banks, config.act_bytes),
            ("weights_kib", config.weights_kib, config.weight_bytes, config.weight_bytes),
            ("params_kib", config.params_kib, config.param_bytes, config.param_bytes),
        )
        for key, kib, unit, word in sizes:
            words = kib * 1024 // word
            uneven = kib * 1024 % unit != 0 and key == "acts_kib"
            if kib < 1 or uneven or words > WORDS.max + 1:
                most = (WORDS.max + 1) * word // 1024
                faults.append((key, kib, f"1 to {most} KiB, a multiple of {unit} bytes"))
        faults += _list_faults(config)
    return faults


def _list_faults(config: ArrayConfig) -> list[tuple[str, object, str]]:
    """Return the fault of the list of taps, if it has one."""
    if config.tap_list == 0:
        return []
    if config.depth > (words := TABLE.bits // TAP.bits):
        return [("tap_list", config.tap_list, f"0, or depth = 1 to {words}")]
    if config.act_words > (reach := TAP.fields[0].format.max + 1):
        most = reach * config.act_bytes >> 10
        return [("tap_list", config.tap_list, f"0, or acts_kib to {most}")]
    sizes = [config.depth << n for n in range(LIST_WORD.bits + 1)]
    rule = ("tap_list", config.tap_list, f"0 or a power of two, {sizes[0]} to {sizes[-1]}")
    return [] if config.tap_list in sizes else [rule]
