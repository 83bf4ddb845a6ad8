// A component with streams as a library: payloads in, payloads out, no caller per cycle.
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>

#include "Vtop.h"
#include "ports.h"
#include "verilated.h"

void vl_fatal(const char* file, int line, const char*, const char* text) {
    throw std::runtime_error(std::string(file) + ":" + std::to_string(line) + ": " + text);
}

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

}  // namespace

// One array of payloads a stream; `bytes` is the width of a payload in it.
struct Payloads {
    uint8_t* data;
    uint64_t count, bytes, done;
};

// Runs until every output payload came or `patience` cycles brought nothing; returns the cycles.
// More outputs than there is room for are counted, not kept.
extern "C" uint64_t intaglio_vectors(Payloads* inputs, Payloads* outputs, const uint8_t* settings,
                                     double stall, uint64_t seed, uint64_t patience) {
    VerilatedContext context;
    Vtop top{&context};
    const auto sources = input_ports(top);
    const auto sinks = output_ports(top);
    set_settings(top, settings);
    Chance chance{seed};
    auto cycle = [&] { top.clk = 1, top.eval(), top.clk = 0, top.eval(); };
    for (size_t n = 0; n < sources.size(); ++n) *sources[n].valid = 0;
    for (size_t n = 0; n < sinks.size(); ++n) *sinks[n].ready = 0;
    top.clk = 0, top.rst = 1, top.eval();
    cycle(), cycle();
    top.rst = 0;

    std::array<bool, SOURCES> offering{};
    uint64_t cycles = 0;
    for (uint64_t quiet = 0, tail = 0; tail < 64 && quiet < patience; ++cycles) {
        bool done = true;
        for (size_t n = 0; n < sources.size(); ++n) {
            Payloads& from = inputs[n];
            if (!offering[n] && from.done < from.count && !chance(stall)) {
                std::memcpy(sources[n].payload, from.data + from.done * from.bytes, from.bytes);
                offering[n] = true;
            }
            *sources[n].valid = offering[n];
            done &= from.done == from.count;
        }
        for (size_t n = 0; n < sinks.size(); ++n) {
            *sinks[n].ready = !chance(stall);
            done &= outputs[n].done >= outputs[n].count;
        }
        top.eval();
        ++quiet;
        for (size_t n = 0; n < sinks.size(); ++n) {
            if (!*sinks[n].valid || !*sinks[n].ready) continue;
            Payloads& to = outputs[n];
            if (to.done < to.count)
                std::memcpy(to.data + to.done * to.bytes, sinks[n].payload, to.bytes);
            ++to.done, quiet = 0;
        }
        std::array<bool, SOURCES> taken{};
        for (size_t n = 0; n < sources.size(); ++n) taken[n] = offering[n] && *sources[n].ready;
        cycle();
        for (size_t n = 0; n < sources.size(); ++n)
            if (taken[n]) ++inputs[n].done, offering[n] = false, quiet = 0;
        tail += done;
    }
    top.final();
    return cycles;
}
