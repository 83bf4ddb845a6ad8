"""From Verilog to a shared library: Verilator, then the compiler directly."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from intaglio.bench.tools import Toolchain, toolchain
from intaglio.tooling import cache
from intaglio.tooling.process import run

TOP = "intaglio_top"
HARNESS = ("harness.cpp", "axi_channels.h", "axi_memory.h")
RUNTIME = ("verilated", "verilated_threads")
RUNTIME_WAVES = (*RUNTIME, "verilated_vcd_c")
# Warnings are the business of bench.lint; here they would only hide errors.
VERILATE = (
    *("--cc", "-O3", "--no-timing", "--noassert", "-Wno-lint", "-Wno-style"),
    *("--x-initial", "unique", "--output-split", "20000"),
    *("--top-module", TOP, "--prefix", "Vtop", "-Mdir", "obj"),
)
TRACE = ("--trace-vcd", "--trace-structs")
PROFILE_MAKE = "-fprofile-generate"
PROFILE_USE = ("-fprofile-use", "-Wno-missing-profile")
DEFINES = "-DVL_USER_FATAL -DVM_COVERAGE=0 -DVM_SC=0 -DVM_TIMING=0"
FLAGS = f"-std=c++17 -fPIC {DEFINES}"
# What runs once (constructors, reset, tracing set-up) is not worth the compiler's time.
RULES = """\
FLAGS += -I. -I$(VERILATOR_ROOT)/include -I$(VERILATOR_ROOT)/include/vltstd
SOURCES := $(notdir $(wildcard *.cpp))
libtop.so: $(SOURCES:.cpp=.o) $(RUNTIME)
\t$(CXX) -shared -o $@ $^ -pthread
%__Slow.o: %__Slow.cpp
\t$(OBJCACHE) $(CXX) $(FLAGS) -O0 -c -o $@ $<
%.o: %.cpp
\t$(OBJCACHE) $(CXX) $(FLAGS) $(OPTIMISE) -c -o $@ $<
"""


@dataclass(frozen=True)
class BuildOptions:
    """What may be chosen of a simulator's build: `intaglio.bench.speed_options` compares them.

    Parameters
    ----------
    optimise : tuple of str
        Of the compiler, for what runs in every cycle.
    x_assign : str
        ``--x-assign`` of Verilator.
    threads : int
        Of a simulation; 1: none beside the caller's.
    profiled : bool
        Compile twice, the second time with what a run of the first has shown; :func:`build_library`
        wants `train` then.
    """

    optimise: tuple[str, ...] = ("-O2",)
    x_assign: str = "fast"
    threads: int = 1
    profiled: bool = False

    @property
    def verilate(self) -> tuple[str, ...]:
        """Arguments of Verilator."""
        threads = ("--threads", str(self.threads)) if self.threads > 1 else ()
        return (*VERILATE, "--x-assign", self.x_assign, *threads)


CHOSEN = BuildOptions()


def build_library(
    verilog: str,
    *,
    waves: bool = False,
    options: BuildOptions = CHOSEN,
    train: Callable[[Path], None] | None = None,
) -> Path:
    """Return the shared library of an accelerator, built unless the cache has it.

    Parameters
    ----------
    verilog : str
        Text with the module ``intaglio_top``.
    waves : bool
        Include tracing to VCD, which costs speed even while no file is open.
    options : BuildOptions
        How it is built.
    train : callable, optional
        Runs the library it is given in a process of its own, for `options.profiled`.

    Raises
    ------
    EnvironmentFault
        E501, E502: a tool is missing or too old.
    ToolError
        E601: Verilator or the compiler failed.
    """
    return build_shared(verilog, _harness(), waves=waves, options=options, train=train)


def build_shared(
    verilog: str,
    harness: Mapping[str, str],
    *,
    waves: bool = False,
    options: BuildOptions = CHOSEN,
    train: Callable[[Path], None] | None = None,
) -> Path:
    """Return the shared library of a module with the C++ around it, built unless the cache has it.

    Parameters
    ----------
    verilog : str
        Text with the module ``intaglio_top``; in C++ it is ``Vtop``.
    harness : mapping
        Files by name; those that end in ``.cpp`` are compiled.
    waves, options, train
        As :func:`build_library`.

    Raises
    ------
    EnvironmentFault, ToolError
        As :func:`build_library`.
    """
    key = shared_key(verilog, harness, waves=waves, options=options)
    make = _maker(verilog, harness, waves, options, train)
    return cache.entry("library", key, make) / "libtop.so"


def library_key(verilog: str, *, waves: bool = False) -> str:
    """Return the cache key of :func:`build_library`: everything that decides its content."""
    return shared_key(verilog, _harness(), waves=waves)


def shared_key(
    verilog: str,
    harness: Mapping[str, str],
    *,
    waves: bool = False,
    options: BuildOptions = CHOSEN,
) -> str:
    """Return the cache key of :func:`build_shared`."""
    words = (*options.verilate, *TRACE, FLAGS, *options.optimise, RULES, str(waves))
    words += PROFILE_USE * options.profiled
    return cache.digest(toolchain().key, " ".join(words), verilog, *harness.values())


def _harness() -> dict[str, str]:
    """Return the accelerator's harness: its files by name."""
    return {name: (Path(__file__).parent / name).read_text() for name in HARNESS}


def library_is_cached(verilog: str, *, waves: bool = False) -> bool:
    """Tell whether :func:`build_library` would return at once."""
    return cache.has("library", library_key(verilog, waves=waves))


def jobs() -> int:
    """Return how many compilers may run at once: the processors that we may use, at most 8."""
    return min(8, len(os.sched_getaffinity(0)))


def _maker(
    verilog: str,
    harness: Mapping[str, str],
    waves: bool,
    options: BuildOptions,
    train: Callable[[Path], None] | None,
) -> Callable[[Path], None]:
    """Return the function that builds the library in a folder."""

    def make(work: Path) -> None:
        if options.profiled and train is None:
            raise ValueError("a profiled build needs something to run: train")
        tools = toolchain()
        (work / "top.v").write_text(verilog)
        words = (tools.verilator, *options.verilate, *(TRACE if waves else ()), "top.v")
        run(words, cwd=work, env=tools.environment())
        obj = work / "obj"
        for name, text in harness.items():
            (obj / name).write_text(text)
        optimise = options.optimise
        if options.profiled and train:
            train(_compiled(tools, obj, waves, optimise, f"{tools.cxx} {PROFILE_MAKE}"))
            for compiled in (*obj.glob("*.o"), obj / "libtop.so"):
                compiled.unlink()
            optimise = (*optimise, *PROFILE_USE)
        _compiled(tools, obj, waves, optimise, str(tools.cxx)).rename(work / "libtop.so")
        cache.remove_tree(obj)

    return make


def _compiled(
    tools: Toolchain, obj: Path, waves: bool, optimise: Sequence[str], compiler: str
) -> Path:
    """Return the library of the C++ in a folder, compiled there."""
    (obj / "Makefile").write_text(
        f"CXX := {compiler}\nFLAGS := {FLAGS} -DVM_TRACE={int(waves)}\n"
        f"OPTIMISE := {' '.join(optimise)}\n"
        f"RUNTIME := {' '.join(map(str, _runtime(tools, waves)))}\n{RULES}"
    )
    run((tools.make, f"-j{jobs()}", "libtop.so"), cwd=obj, env=tools.environment())
    return obj / "libtop.so"


def _runtime(tools: Toolchain, waves: bool) -> list[Path]:
    """Return Verilator's own objects, compiled once for all accelerators."""
    names = RUNTIME_WAVES if waves else RUNTIME
    flags = f"{FLAGS} -DVM_TRACE={int(waves)}"

    def make(work: Path) -> None:
        include = tools.root / "include"
        text = f"all: {' '.join(f'{name}.o' for name in names)}\n%.o: {include}/%.cpp\n"
        command = f"{tools.cxx} {flags} -O2 -I{include} -I{include}/vltstd -c -o $@ $<"
        (work / "Makefile").write_text(f"{text}\t$(OBJCACHE) {command}\n")
        run((tools.make, f"-j{jobs()}", "all"), cwd=work, env=tools.environment())

    folder = cache.entry("runtime", cache.digest(tools.key, flags, *names), make)
    return [folder / f"{name}.o" for name in names]
