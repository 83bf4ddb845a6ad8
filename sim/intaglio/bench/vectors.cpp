// A component with streams as a library: payloads in, payloads out, no caller per cycle.
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "Vtop.h"
#include "ports.h"
#include "verilated.h"

void vl_fatal(const char* file, int line, const char*, const char* text) {
    throw std::runtime_error(std::string(file) + ":" + std::to_string(line) + ": " + text);
}

// One array of payloads a stream; `bytes` is the width of a payload in it. Where an output has
// `expected`, the run ends at the first payload that differs.
struct Payloads {
    uint8_t* data;
    const uint8_t* expected;
    uint64_t count, bytes, done;
};

// What a run is to do, and what it showed. `trace` holds a byte a cycle of who was ready or valid:
// it is written, or with `compare` the first cycle that differs is told.
struct Run {
    double stall;
    uint64_t seed, patience, dirty, mutant;
    uint8_t* trace;
    uint64_t trace_bytes, compare;
    uint64_t cycles, differs, unstable, untimely;  // cycle number from 1; 0: never
};

namespace {

// xorshift64: stalls need no better chance.
class Chance {
  public:
    explicit Chance(uint64_t seed) : state_(seed * 2654435769u + 88172645463325252u) {}
    bool operator()(double probability) {
        if (probability <= 0) return false;
        state_ ^= state_ << 13, state_ ^= state_ >> 7, state_ ^= state_ << 17;
        return (state_ >> 11) * 0x1p-53 < probability;
    }

  private:
    uint64_t state_;
};

class Bench {
  public:
    Bench(Payloads* inputs, Payloads* outputs, const uint8_t* settings, Run& run)
        : top_{&context_}, sources_{input_ports(top_)}, sinks_{output_ports(top_)},
          inputs_{inputs}, outputs_{outputs}, run_{run} {
        set_settings(top_, settings);
        set_mutant(top_, run.mutant);
    }
    ~Bench() { top_.final(); }

    void reset(int cycles) {
        for (size_t n = 0; n < SOURCES; ++n) {
            *sources_[n].valid = 0, offering_[n] = false, inputs_[n].done = 0;
        }
        for (size_t n = 0; n < SINKS; ++n) {
            *sinks_[n].ready = 0, outputs_[n].done = 0;
            held_[n].clear();
        }
        top_.clk = 0, top_.rst = 1, top_.eval();
        while (cycles--) cycle();
        top_.rst = 0;
        run_.differs = run_.unstable = run_.untimely = 0;
    }

    // Runs until every output payload came or `patience` cycles brought nothing, and returns the
    // cycles. More outputs than there is room for are counted, not kept.
    uint64_t work(double stall, double refusal, uint64_t seed, uint64_t limit, bool judged) {
        Chance chance{seed};
        uint64_t cycles = 0;
        for (uint64_t quiet = 0, tail = 0; tail < 64 && quiet < run_.patience && cycles < limit;) {
            bool done = true;
            for (size_t n = 0; n < SOURCES; ++n) done &= offer(n, chance(stall));
            for (size_t n = 0; n < SINKS; ++n) {
                *sinks_[n].ready = !chance(refusal);
                done &= outputs_[n].done >= outputs_[n].count;
            }
            top_.eval();
            ++quiet, ++cycles;
            if (judged) trace(cycles);
            for (size_t n = 0; n < SINKS; ++n)
                if (take(n, cycles)) quiet = 0;
            if (judged && run_.differs) break;
            std::array<bool, SOURCES> taken{};
            for (size_t n = 0; n < SOURCES; ++n) taken[n] = offering_[n] && *sources_[n].ready;
            cycle();
            for (size_t n = 0; n < SOURCES; ++n)
                if (taken[n]) ++inputs_[n].done, offering_[n] = false, quiet = 0;
            tail += done;
        }
        return cycles;
    }

  private:
    void cycle() { top_.clk = 1, top_.eval(), top_.clk = 0, top_.eval(); }

    // Holds a payload that was offered until it is taken; tells whether all were.
    bool offer(size_t n, bool rests) {
        Payloads& from = inputs_[n];
        if (!offering_[n] && from.done < from.count && !rests) {
            std::memcpy(sources_[n].payload, from.data + from.done * from.bytes, from.bytes);
            offering_[n] = true;
        }
        *sources_[n].valid = offering_[n];
        return from.done == from.count;
    }

    // Takes the payload of an output; one that was refused must still be there.
    bool take(size_t n, uint64_t cycles) {
        Payloads& to = outputs_[n];
        const auto* payload = static_cast<const uint8_t*>(sinks_[n].payload);
        const bool valid = *sinks_[n].valid;
        std::vector<uint8_t>& held = held_[n];
        const bool same = held.empty() || (valid && !std::memcmp(held.data(), payload, to.bytes));
        if (!same && !run_.unstable) run_.unstable = cycles;
        held.clear();
        if (!valid) return false;
        if (!*sinks_[n].ready) {
            held.assign(payload, payload + to.bytes);
            return false;
        }
        if (to.done < to.count) std::memcpy(to.data + to.done * to.bytes, payload, to.bytes);
        const bool wrong = to.expected && (to.done >= to.count ||
            std::memcmp(payload, to.expected + to.done * to.bytes, to.bytes));
        if (wrong && !run_.differs) run_.differs = cycles;
        ++to.done;
        return true;
    }

    void trace(uint64_t cycles) {
        if (!run_.trace || cycles > run_.trace_bytes) return;
        uint8_t seen = 0;
        for (size_t n = 0; n < SOURCES; ++n) seen = seen * 2 + (*sources_[n].ready & 1);
        for (size_t n = 0; n < SINKS; ++n) seen = seen * 2 + (*sinks_[n].valid & 1);
        uint8_t& kept = run_.trace[cycles - 1];
        if (!run_.compare) kept = seen;
        else if (kept != seen && !run_.untimely) run_.untimely = cycles;
    }

    VerilatedContext context_;
    Vtop top_;
    std::array<Port, SOURCES> sources_;
    std::array<Port, SINKS> sinks_;
    Payloads* inputs_;
    Payloads* outputs_;
    Run& run_;
    std::array<bool, SOURCES> offering_{};
    std::array<std::vector<uint8_t>, SINKS> held_{};
};

}  // namespace

// Runs the payloads after a reset; with `dirty`, that many cycles of them come before the reset.
extern "C" void intaglio_vectors(Payloads* inputs, Payloads* outputs, const uint8_t* settings,
                                 Run* run) {
    Bench bench{inputs, outputs, settings, *run};
    bench.reset(2);
    if (run->dirty) {
        // Mostly refused, so that the reset comes while payloads wait in every stage.
        bench.work(0.1, 0.8, run->seed, run->dirty, false);
        bench.reset(1);
    }
    run->cycles = bench.work(run->stall, run->stall, run->seed, UINT64_MAX, true);
}
