// Event-driven simulation of a gate netlist with a delay per gate, counting changes of every net.
//
// Delays are inertial: a change that is taken back before it has passed a gate does not pass it.
#include <cstdint>
#include <vector>

namespace {

constexpr int kArity = 6;

struct Event {
    int32_t item;  // a gate, or a flip-flop or an input behind the gates
    uint32_t serial;
    uint8_t value;
};

}  // namespace

extern "C" {

struct Circuit {
    int32_t nets, gates, flops, inputs, outputs;
    const int32_t *gate_inputs, *gate_outputs, *gate_delays;
    const uint64_t *gate_tables;
    const int32_t *flop_inputs, *flop_outputs, *flop_delays, *flop_init;
    const int32_t *input_nets, *output_nets;
    int32_t input_delay;
};

struct Counts {
    uint64_t *changes;   // of each net, glitches included
    uint64_t *settled;   // of each net, from the end of a cycle to the end of the next
    uint64_t *clocked;   // cycles in which each flip-flop's clock came through
    int32_t longest;     // last change of the slowest cycle, ps after the edge
    uint64_t events;
};

// Returns 0, or 1 if a cycle does not settle within `limit` ps. Counting starts after `skip` cycles.
int32_t simulate(const Circuit *circuit, int64_t cycles, int64_t skip, int32_t limit,
                 const uint8_t *stimulus, uint8_t *results, Counts *counts) {
    const Circuit &c = *circuit;
    std::vector<uint8_t> value(c.nets, 0), start(c.nets, 0);
    value[1] = 1;

    // Gates behind every net.
    std::vector<int32_t> first(c.nets + 1, 0);
    for (int32_t g = 0; g < c.gates; ++g)
        for (int k = 0; k < kArity; ++k)
            if (c.gate_inputs[g * kArity + k] >= 0) ++first[c.gate_inputs[g * kArity + k] + 1];
    for (int32_t n = 0; n < c.nets; ++n) first[n + 1] += first[n];
    std::vector<int32_t> users(first[c.nets]), at(first.begin(), first.end() - 1);
    for (int32_t g = 0; g < c.gates; ++g)
        for (int k = 0; k < kArity; ++k)
            if (c.gate_inputs[g * kArity + k] >= 0) users[at[c.gate_inputs[g * kArity + k]]++] = g;

    int32_t slowest = c.input_delay;
    for (int32_t g = 0; g < c.gates; ++g) slowest = slowest > c.gate_delays[g] ? slowest : c.gate_delays[g];
    for (int32_t f = 0; f < c.flops; ++f) slowest = slowest > c.flop_delays[f] ? slowest : c.flop_delays[f];
    int32_t size = 2;
    while (size <= slowest) size *= 2;
    std::vector<std::vector<Event>> wheel(size);

    std::vector<uint32_t> serial(c.gates, 0);
    std::vector<uint8_t> pending(c.gates, 0);
    std::vector<int64_t> seen(c.gates, -1);
    std::vector<int32_t> dirty, touched;
    std::vector<uint8_t> is_touched(c.nets, 0);
    std::vector<uint8_t> next(c.flops, 0);
    int64_t waiting = 0, step = 0;

    auto output_of = [&](int32_t item) {
        if (item < c.gates) return c.gate_outputs[item];
        if (item < c.gates + c.flops) return c.flop_outputs[item - c.gates];
        return c.input_nets[item - c.gates - c.flops];
    };
    auto schedule = [&](int64_t time, int32_t item, uint8_t v, uint32_t number) {
        wheel[time & (size - 1)].push_back({item, number, v});
        ++waiting;
    };
    auto evaluate = [&](int32_t g, int64_t time) {
        const int32_t *in = c.gate_inputs + g * kArity;
        uint32_t index = 0;
        for (int k = 0; k < kArity; ++k)
            if (in[k] >= 0) index |= uint32_t(value[in[k]]) << k;
        const uint8_t v = c.gate_tables[g] >> index & 1;
        const bool differs = v != value[c.gate_outputs[g]];
        if (pending[g]) {
            if (!differs) {  // taken back
                ++serial[g];
                pending[g] = 0;
            }
        } else if (differs) {
            pending[g] = 1;
            schedule(time + c.gate_delays[g], g, v, ++serial[g]);
        }
    };

    for (int32_t f = 0; f < c.flops; ++f) value[c.flop_outputs[f]] = c.flop_init[f];
    for (int64_t cycle = 0; cycle < cycles; ++cycle) {
        const bool counted = cycle >= skip;
        if (cycle == 0) {
            for (int32_t g = 0; g < c.gates; ++g) evaluate(g, 0);
        } else {
            for (int32_t f = 0; f < c.flops; ++f) {
                const int32_t enable = c.flop_inputs[2 * f + 1], q = c.flop_outputs[f];
                const bool open = enable < 0 || value[enable];
                next[f] = open ? value[c.flop_inputs[2 * f]] : value[q];
                if (counted && open) ++counts->clocked[f];
                if (next[f] != value[q]) schedule(c.flop_delays[f], c.gates + f, next[f], 0);
            }
        }
        for (int32_t i = 0; i < c.inputs; ++i) {
            const uint8_t v = stimulus[cycle * c.inputs + i];
            if (v != value[c.input_nets[i]]) schedule(c.input_delay, c.gates + c.flops + i, v, 0);
        }
        touched.clear();
        int32_t last = 0;
        for (int64_t time = 0; waiting; ++time) {
            if (time > limit) return 1;
            auto &bucket = wheel[time & (size - 1)];
            if (bucket.empty()) continue;
            dirty.clear();
            ++step;
            for (const Event &event : bucket) {
                --waiting;
                if (event.item < c.gates) {
                    if (event.serial != serial[event.item]) continue;
                    pending[event.item] = 0;
                }
                const int32_t net = output_of(event.item);
                if (!is_touched[net]) {
                    is_touched[net] = 1;
                    start[net] = value[net];
                    touched.push_back(net);
                }
                value[net] = event.value;
                last = int32_t(time);
                if (counted) {
                    ++counts->changes[net];
                    ++counts->events;
                }
                for (int32_t k = first[net]; k < first[net + 1]; ++k)
                    if (seen[users[k]] != step) {
                        seen[users[k]] = step;
                        dirty.push_back(users[k]);
                    }
            }
            bucket.clear();
            for (int32_t g : dirty) evaluate(g, time);
        }
        for (int32_t net : touched) {
            is_touched[net] = 0;
            if (counted && value[net] != start[net]) ++counts->settled[net];
        }
        if (counted && last > counts->longest) counts->longest = last;
        for (int32_t o = 0; o < c.outputs; ++o)
            results[cycle * c.outputs + o] = value[c.output_nets[o]];
    }
    return 0;
}

}  // extern "C"
