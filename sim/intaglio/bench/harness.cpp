// The accelerator as a library: clock, reset, control port and memory, with no caller per cycle.
//
// Every function that runs the clock may find a fault (bus protocol, a control port that does not
// answer); the text is kept, the clock stops, and intaglio_error() returns it.
#include <cstdio>
#include <memory>
#include <stdexcept>

#include "Vtop.h"
#include "axi_channels.h"
#include "verilated.h"
#if VM_TRACE
#include "verilated_vcd_c.h"
#endif

void vl_fatal(const char* file, int line, const char*, const char* text) {
    throw std::runtime_error(std::string(file) + ":" + std::to_string(line) + ": " + text);
}

namespace {

constexpr uint64_t ANSWER_CYCLES = 10000;   // the control port answers within this many

class Simulation {
  public:
    Simulation(const intaglio::Settings& settings, const char* waves, uint64_t first, uint64_t last)
        : context_(randomised(settings.seed)), top_(context_.get()), memory_(settings), random_(settings.seed + 1), stall_(settings.stall),
          first_(first), last_(last) {
#if VM_TRACE
        context_->traceEverOn(true);
        top_.trace(&waves_, 99);
        if (waves && *waves) waves_.open(waves), traced_ = true;
#else
        (void)waves;
#endif
    }
    ~Simulation() {
#if VM_TRACE
        if (traced_) waves_.close();
#endif
        top_.final();
    }

    void reset(unsigned cycles) {
        top_.s_axil_awvalid = top_.s_axil_wvalid = top_.s_axil_bready = 0;
        top_.s_axil_arvalid = top_.s_axil_rready = 0;
        top_.rst = 1;
        for (unsigned i = 0; i < cycles; ++i) cycle();
        top_.rst = 0;
        cycle();
    }

    // Run until the interrupt rises or `cycles` have passed; return the cycles run.
    uint64_t run(uint64_t cycles) {
        uint64_t start = cycle_;
        while (cycle_ - start < cycles && !top_.irq && error_.empty()) cycle();
#if VM_TRACE
        if (traced_) waves_.flush();
#endif
        return cycle_ - start;
    }

    int write(uint32_t address, uint32_t value) {
        bool address_sent = false, data_sent = false, answered = false;
        int response = 0;
        top_.s_axil_awaddr = address;
        top_.s_axil_wdata = value;
        top_.s_axil_wstrb = 0xF;
        top_.s_axil_awvalid = top_.s_axil_wvalid = 0;
        for (uint64_t i = 0; i < ANSWER_CYCLES && !answered; ++i) {
            if (!address_sent) top_.s_axil_awvalid |= !rests();
            if (!data_sent) top_.s_axil_wvalid |= !rests();
            top_.s_axil_bready = !rests();
            low();
            bool address_now = top_.s_axil_awvalid && top_.s_axil_awready;
            bool data_now = top_.s_axil_wvalid && top_.s_axil_wready;
            if (top_.s_axil_bvalid && top_.s_axil_bready) {
                answered = true;
                response = top_.s_axil_bresp;
                if (!address_sent || !data_sent) fail("s_axil: response before address and data");
            }
            high();
            if (address_now) address_sent = true, top_.s_axil_awvalid = 0;
            if (data_now) data_sent = true, top_.s_axil_wvalid = 0;
        }
        top_.s_axil_bready = 0;
        if (!answered) fail("s_axil: a write was not answered");
        return response;
    }

    int read(uint32_t address, uint32_t* value) {
        bool sent = false, answered = false;
        int response = 0;
        top_.s_axil_araddr = address;
        top_.s_axil_arvalid = 0;
        for (uint64_t i = 0; i < ANSWER_CYCLES && !answered; ++i) {
            if (!sent) top_.s_axil_arvalid |= !rests();
            top_.s_axil_rready = !rests();
            low();
            bool now = top_.s_axil_arvalid && top_.s_axil_arready;
            if (top_.s_axil_rvalid && top_.s_axil_rready) {
                answered = true;
                response = top_.s_axil_rresp;
                *value = top_.s_axil_rdata;
                if (!sent) fail("s_axil: data before address");
            }
            high();
            if (now) sent = true, top_.s_axil_arvalid = 0;
        }
        top_.s_axil_rready = 0;
        if (!answered) fail("s_axil: a read was not answered");
        return response;
    }

    void fail(const std::string& text) {
        if (error_.empty()) error_ = text;
    }

    intaglio::AxiMemory& memory() { return memory_; }
    bool irq() const { return top_.irq; }
    uint64_t cycles() const { return cycle_; }
    const std::string& error() const { return error_; }

  private:
    bool rests() { return random_.chance(stall_); }

    void cycle() { low(), high(); }

    void low() {
        memory_.drive(top_);
        top_.clk = 0;
        top_.eval();
        dump(2 * cycle_);
        if (!top_.rst) memory_.sample(top_);
        if (!memory_.error().empty()) fail(memory_.error());
    }

    void high() {
        top_.clk = 1;
        top_.eval();
        dump(2 * cycle_ + 1);
        ++cycle_;
    }

    void dump(uint64_t time) {
#if VM_TRACE
        if (traced_ && cycle_ >= first_ && cycle_ < last_) waves_.dump(time);
#else
        (void)time;
#endif
    }

    // On-chip memories start with random contents: a word that was never written is noticed.
    static std::unique_ptr<VerilatedContext> randomised(uint64_t seed) {
        auto context = std::make_unique<VerilatedContext>();
        context->randReset(2);
        context->randSeed(static_cast<int>(seed % 0x7FFFFFFF) + 1);
        return context;
    }

    std::unique_ptr<VerilatedContext> context_;
    Vtop top_;
    intaglio::AxiMemory memory_;
    intaglio::Random random_;
    double stall_;
    uint64_t first_, last_, cycle_ = 0;
    std::string error_;
#if VM_TRACE
    VerilatedVcdC waves_;
    bool traced_ = false;
#endif
};

// No exception may cross into the caller, who speaks C.
template <class Action>
auto guarded(void* handle, Action action) -> decltype(action(*static_cast<Simulation*>(handle))) {
    auto& simulation = *static_cast<Simulation*>(handle);
    try {
        return action(simulation);
    } catch (const std::exception& error) {
        simulation.fail(error.what());
        return decltype(action(simulation))();
    }
}

}  // namespace

extern "C" {

void* intaglio_create(const intaglio::Settings* settings, const char* waves, uint64_t first, uint64_t last) {
    try {
        return new Simulation(*settings, waves, first, last);
    } catch (const std::exception&) {
        return nullptr;
    }
}
void intaglio_destroy(void* h) { delete static_cast<Simulation*>(h); }
void intaglio_attach(void* h, uint8_t* data, uint64_t size) {
    static_cast<Simulation*>(h)->memory().attach(data, size);
}
void intaglio_reset(void* h, unsigned cycles) { guarded(h, [&](Simulation& s) { s.reset(cycles); }); }
uint64_t intaglio_run(void* h, uint64_t cycles) {
    return guarded(h, [&](Simulation& s) { return s.run(cycles); });
}
int intaglio_write(void* h, uint32_t address, uint32_t value) {
    return guarded(h, [&](Simulation& s) { return s.write(address, value); });
}
int intaglio_read(void* h, uint32_t address, uint32_t* value) {
    return guarded(h, [&](Simulation& s) { return s.read(address, value); });
}
int intaglio_irq(void* h) { return static_cast<Simulation*>(h)->irq(); }
uint64_t intaglio_cycles(void* h) { return static_cast<Simulation*>(h)->cycles(); }
const char* intaglio_error(void* h) { return static_cast<Simulation*>(h)->error().c_str(); }

}  // extern "C"
