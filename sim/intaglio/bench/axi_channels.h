// The five channels of the AXI4 memory: drive() before the low half of a cycle, sample() after it.
#pragma once

#include <cstdio>

#include "axi_memory.h"

namespace intaglio {

class AxiMemory {
  public:
    explicit AxiMemory(const Settings& s)
        : settings_(s), store_(settings_), random_(s.seed),
          reading_(s.width, static_cast<double>(s.beat_bytes)),
          writing_(s.width, static_cast<double>(s.beat_bytes)),
          shared_(s.bytes_per_cycle, static_cast<double>(s.beat_bytes)) {}

    void attach(uint8_t* data, uint64_t size) { store_.attach(data, size); }
    const std::string& error() const { return error_; }

    template <class Top>
    void drive(Top& top) {
        reading_.tick(), writing_.tick(), shared_.tick();
        // Asked once for both directions, so that neither starves the other; the budget may go
        // below zero by one beat, which the following cycles pay for.
        bool room = shared_.enough();
        offer_read(top, room);
        top.m_axi_wready = room && writing_.enough() && beats_.size() < QUEUE && !rests();
        top.m_axi_arready = reads_[0].size() + reads_[1].size() < QUEUE && !rests();
        top.m_axi_awready = writes_.size() < QUEUE && !rests();
        offer_response(top);
    }

    template <class Top>
    void sample(Top& top) {
        sample_read(top);
        sample_write(top);
        ++now_;
    }

  private:
    struct Read {
        std::vector<uint8_t> data;
        unsigned beats, sent;
        Response response;
        uint64_t ready_at;
    };
    struct Write {
        Address address;
        std::vector<WriteBeat> beats;
        uint64_t ready_at;
    };

    bool rests() { return random_.chance(settings_.stall); }

    void require(bool good, const char* channel, const char* text, uint64_t address) {
        if (good || !error_.empty()) return;
        char where[96];
        std::snprintf(where, sizeof where, " (address 0x%llx, cycle %llu)",
                      static_cast<unsigned long long>(address),
                      static_cast<unsigned long long>(now_));
        error_ = std::string(channel) + ": " + text + where;
    }

    void check(const char* channel, const Address& a) {
        uint64_t bytes = a.beats() * settings_.beat_bytes;
        require((1u << a.size) == settings_.beat_bytes, channel, "size is not the bus width", a.address);
        require(a.burst == 1, channel, "burst is not INCR", a.address);
        require(a.address % settings_.beat_bytes == 0, channel, "address is not aligned", a.address);
        require(a.address / PAGE == (a.address + bytes - 1) / PAGE, channel,
                "burst crosses a 4 KiB boundary", a.address);
    }

    template <class Top>
    void offer_read(Top& top, bool room) {
        if (!read_valid_ && room && reading_.enough() && choose() && !rests()) {
            const Read& read = reads_[read_id_].front();
            read_valid_ = true;
            reading_.take(), shared_.take();
            std::memcpy(&top.m_axi_rdata, &read.data[read.sent * settings_.beat_bytes],
                        settings_.beat_bytes);
            top.m_axi_rid = read_id_;
            top.m_axi_rresp = read.response;
            top.m_axi_rlast = read.sent + 1 == read.beats;
        }
        top.m_axi_rvalid = read_valid_;
    }

    // Pick the id of the next beat; a burst goes on to its end unless stalls are asked for.
    bool choose() {
        auto due = [&](unsigned id) {
            return !reads_[id].empty() && reads_[id].front().ready_at <= now_;
        };
        unsigned other = read_id_ ^ 1u;
        bool inside = due(read_id_) && reads_[read_id_].front().sent > 0;
        if (due(other) && (!inside || random_.chance(settings_.stall / 2))) read_id_ = other;
        return due(read_id_);
    }

    template <class Top>
    void sample_read(Top& top) {
        if (read_valid_ && top.m_axi_rready) {
            auto& queue = reads_[read_id_];
            if (++queue.front().sent == queue.front().beats) queue.pop_front();
            read_valid_ = false;
        }
        Address a{top.m_axi_araddr, top.m_axi_arlen, top.m_axi_arsize, top.m_axi_arburst, top.m_axi_arid};
        const char* fault = read_watch_.fault(top.m_axi_arvalid, top.m_axi_arready, a);
        require(!fault, "AR", fault, a.address);
        if (!top.m_axi_arvalid || !top.m_axi_arready) return;
        check("AR", a);
        uint64_t bytes = a.beats() * settings_.beat_bytes;
        Response response = store_.check(a.address, bytes);
        Read read{std::vector<uint8_t>(bytes), a.beats(), 0, response, now_ + settings_.latency};
        if (response == OKAY) std::memcpy(read.data.data(), store_.at(a.address), bytes);
        reads_[a.id & 1].push_back(std::move(read));
    }

    template <class Top>
    void sample_write(Top& top) {
        if (response_valid_ && top.m_axi_bready) writes_.pop_front(), response_valid_ = false;
        Address a{top.m_axi_awaddr, top.m_axi_awlen, top.m_axi_awsize, top.m_axi_awburst, top.m_axi_awid};
        const char* fault = write_watch_.fault(top.m_axi_awvalid, top.m_axi_awready, a);
        require(!fault, "AW", fault, a.address);
        if (top.m_axi_awvalid && top.m_axi_awready) {
            check("AW", a);
            writes_.push_back(Write{a, {}, 0});
        }
        sample_beat(top);
        for (auto& write : writes_) {
            while (!beats_.empty() && write.beats.size() < write.address.beats()) {
                write.beats.push_back(beats_.front());
                beats_.pop_front();
                bool end = write.beats.size() == write.address.beats();
                require(write.beats.back().last == end, "W", "last is wrong", write.address.address);
                if (end) write.ready_at = now_ + settings_.latency;
            }
        }
    }

    template <class Top>
    void sample_beat(Top& top) {
        WriteBeat beat{};
        if (top.m_axi_wvalid) {
            std::memcpy(beat.data, &top.m_axi_wdata, settings_.beat_bytes);
            beat.strobe = top.m_axi_wstrb;
            beat.last = top.m_axi_wlast;
        }
        const char* fault = beat_watch_.fault(top.m_axi_wvalid, top.m_axi_wready, beat);
        require(!fault, "W", fault, writes_.empty() ? 0 : writes_.back().address.address);
        if (!top.m_axi_wvalid || !top.m_axi_wready) return;
        writing_.take(), shared_.take();
        beats_.push_back(beat);
    }

    template <class Top>
    void offer_response(Top& top) {
        bool due = !writes_.empty() && writes_.front().beats.size() == writes_.front().address.beats() &&
                   writes_.front().ready_at <= now_;
        if (!response_valid_ && due && !rests()) {
            response_valid_ = true;
            top.m_axi_bresp = apply(writes_.front());
            top.m_axi_bid = writes_.front().address.id;
        }
        top.m_axi_bvalid = response_valid_;
    }

    Response apply(const Write& write) {
        uint64_t at = write.address.address;
        Response response = store_.check(at, write.beats.size() * settings_.beat_bytes);
        if (response != OKAY) return response;
        for (const auto& beat : write.beats)
            for (uint64_t i = 0; i < settings_.beat_bytes; ++i, ++at)
                if (beat.strobe >> i & 1) *store_.at(at) = beat.data[i];
        return OKAY;
    }

    Settings settings_;
    Store store_;
    Random random_;
    Budget reading_, writing_, shared_;
    uint64_t now_ = 0;
    std::string error_;
    std::deque<Read> reads_[2];     // in order within an id
    std::deque<Write> writes_;
    std::deque<WriteBeat> beats_;   // taken before their address
    unsigned read_id_ = 0;
    bool read_valid_ = false, response_valid_ = false;
    Watched<Address> read_watch_, write_watch_;
    Watched<WriteBeat> beat_watch_;
};

}  // namespace intaglio
