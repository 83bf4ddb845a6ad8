// A memory behind an AXI4 port: stated width, latency and bandwidth, random stalls, protocol checks.
//
// It is the least obliging memory that AXI allows, so that gates which only work by luck fail here:
// a read takes its data when its address is taken, a write becomes visible with its response, data
// may come before its address, and bursts of different ids are interleaved when stalls are asked for.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

namespace intaglio {

// Read by Python through ctypes: keep in step with library.Settings.
struct Settings {
    uint64_t beat_bytes;        // bytes of a beat
    uint64_t latency;           // cycles from an address (or last beat) to its first answer
    double width;               // bytes a cycle in each direction
    double bytes_per_cycle;     // bytes a cycle in both directions together
    double stall;               // probability that a channel rests in a cycle
    uint64_t seed;
    uint64_t fault_low;         // addresses in [fault_low, fault_high) answer SLVERR
    uint64_t fault_high;
};

constexpr uint64_t PAGE = 4096;
constexpr uint64_t LOWEST = PAGE;   // the first page answers DECERR: a forgotten base is noticed
constexpr size_t QUEUE = 16;        // bursts (or write beats) that the memory takes in advance
enum Response : uint8_t { OKAY = 0, SLVERR = 2, DECERR = 3 };

class Random {                      // xorshift64*
  public:
    explicit Random(uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15u + 0xD1B54A32D192ED03u) {
        if (!state_) state_ = 1;
    }
    bool chance(double probability) { return probability > 0 && next() < probability * 4294967296.0; }

  private:
    uint32_t next() {
        state_ ^= state_ >> 12;
        state_ ^= state_ << 25;
        state_ ^= state_ >> 27;
        return static_cast<uint32_t>((state_ * 0x2545F4914F6CDD1Du) >> 32);
    }
    uint64_t state_;
};

// Bytes that a link may move: fills every cycle, never holds more than one beat in advance.
class Budget {
  public:
    Budget(double rate, double beat) : rate_(rate), beat_(beat), credit_(beat) {}
    void tick() { credit_ = std::min(credit_ + rate_, rate_ + beat_); }
    bool enough() const { return credit_ >= beat_; }
    void take() { credit_ -= beat_; }

  private:
    double rate_, beat_, credit_;
};

struct Address {
    uint64_t address;
    unsigned length, size, burst, id;
    bool operator==(const Address& other) const {
        return address == other.address && length == other.length && size == other.size &&
               burst == other.burst && id == other.id;
    }
    unsigned beats() const { return length + 1; }
};

struct WriteBeat {
    uint8_t data[64];
    uint64_t strobe;
    bool last;
    bool operator==(const WriteBeat& other) const {
        return std::memcmp(data, other.data, sizeof data) == 0 && strobe == other.strobe &&
               last == other.last;
    }
};

// A channel driven by the gates: once valid, it stays valid and still until it is taken.
template <class Payload>
class Watched {
  public:
    const char* fault(bool valid, bool ready, const Payload& payload) {
        const char* text = nullptr;
        if (waiting_ && !valid) text = "valid fell before ready";
        else if (waiting_ && !(payload == held_)) text = "payload changed while valid and not ready";
        waiting_ = valid && !ready;
        if (waiting_) held_ = payload;
        return text;
    }

  private:
    bool waiting_ = false;
    Payload held_{};
};

class Store {                       // the bytes, and who may touch them
  public:
    explicit Store(const Settings& settings) : settings_(settings) {}
    void attach(uint8_t* data, uint64_t size) { data_ = data, size_ = size; }
    Response check(uint64_t address, uint64_t bytes) const {
        if (address < LOWEST || address + bytes > size_) return DECERR;
        bool fault = address < settings_.fault_high && address + bytes > settings_.fault_low;
        return fault ? SLVERR : OKAY;
    }
    uint8_t* at(uint64_t address) const { return data_ + address; }

  private:
    const Settings& settings_;
    uint8_t* data_ = nullptr;
    uint64_t size_ = 0;
};

}  // namespace intaglio
