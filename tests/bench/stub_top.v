// A stand-in for the accelerator: the same ports, 32-bit bus. START copies PROGRAM_COUNT beats from
// PROGRAM_ADDRESS to REGION1_BASE in bursts of at most 16. REGION3_BASE chooses a breach of AXI:
// 1 bursts ignore 4 KiB pages, 2 wrong last, 3 payload changes while waiting, 4 valid falls,
// 5 START is ignored.
module intaglio_top (
  input clk, input rst, output irq,
  output [0:0] m_axi_awid, output [31:0] m_axi_awaddr, output [7:0] m_axi_awlen,
  output [2:0] m_axi_awsize, output [1:0] m_axi_awburst, output m_axi_awlock,
  output [3:0] m_axi_awcache, output [2:0] m_axi_awprot, output [3:0] m_axi_awqos,
  output m_axi_awvalid, input m_axi_awready,
  output [31:0] m_axi_wdata, output [3:0] m_axi_wstrb, output m_axi_wlast,
  output m_axi_wvalid, input m_axi_wready,
  input [0:0] m_axi_bid, input [1:0] m_axi_bresp, input m_axi_bvalid, output m_axi_bready,
  output [0:0] m_axi_arid, output [31:0] m_axi_araddr, output [7:0] m_axi_arlen,
  output [2:0] m_axi_arsize, output [1:0] m_axi_arburst, output m_axi_arlock,
  output [3:0] m_axi_arcache, output [2:0] m_axi_arprot, output [3:0] m_axi_arqos,
  output m_axi_arvalid, input m_axi_arready,
  input [0:0] m_axi_rid, input [31:0] m_axi_rdata, input [1:0] m_axi_rresp, input m_axi_rlast,
  input m_axi_rvalid, output m_axi_rready,
  input [11:0] s_axil_awaddr, input [2:0] s_axil_awprot, input s_axil_awvalid,
  output s_axil_awready, input [31:0] s_axil_wdata, input [3:0] s_axil_wstrb,
  input s_axil_wvalid, output s_axil_wready, output [1:0] s_axil_bresp, output s_axil_bvalid,
  input s_axil_bready, input [11:0] s_axil_araddr, input [2:0] s_axil_arprot,
  input s_axil_arvalid, output s_axil_arready, output [31:0] s_axil_rdata,
  output [1:0] s_axil_rresp, output s_axil_rvalid, input s_axil_rready
);
  reg [31:0] registers [0:1023];
  reg [31:0] buffer [0:15];
  reg [31:0] source, target, left, error_address;
  reg [2:0] state;
  reg [4:0] count, beats;
  reg [1:0] error;
  reg done, failed, tick;
  wire [31:0] breach = registers[13];
  localparam IDLE = 0, READ = 1, DATA = 2, WRITE = 3, SEND = 4, ANSWER = 5;

  // Control port.
  reg aw_taken, w_taken, b_valid, r_valid;
  reg [9:0] aw_word;
  reg [31:0] w_data, r_data;
  assign s_axil_awready = !aw_taken, s_axil_wready = !w_taken, s_axil_bvalid = b_valid;
  assign s_axil_arready = !r_valid, s_axil_rvalid = r_valid, s_axil_rdata = r_data;
  assign s_axil_bresp = 0, s_axil_rresp = 0;
  assign irq = (done && registers[6][0]) || (failed && registers[6][1]);

  // Memory port.
  wire [31:0] page = 1024 - (source[11:2] > target[11:2] ? source[11:2] : target[11:2]);
  wire [31:0] most = breach == 1 ? 16 : page < 16 ? page : 16;
  wire [4:0] chunk = left < most ? left : most;
  assign m_axi_arvalid = state == READ, m_axi_araddr = source, m_axi_arlen = chunk - 1;
  assign m_axi_rready = state == DATA;
  assign m_axi_awvalid = state == WRITE && error == 0 && !(breach == 4 && tick);
  assign m_axi_awaddr = target + (breach == 3 && tick ? 4 : 0), m_axi_awlen = beats - 1;
  assign m_axi_wvalid = state == SEND, m_axi_wdata = buffer[count[3:0]], m_axi_wstrb = 15;
  assign m_axi_wlast = count + 1 == beats - (breach == 2);
  assign m_axi_bready = state == ANSWER;
  assign m_axi_awid = 0, m_axi_arid = 1, m_axi_awsize = 2, m_axi_arsize = 2;
  assign m_axi_awburst = 1, m_axi_arburst = 1, m_axi_awlock = 0, m_axi_arlock = 0;
  assign m_axi_awcache = 3, m_axi_arcache = 3, m_axi_awprot = 0, m_axi_arprot = 0;
  assign m_axi_awqos = 0, m_axi_arqos = 0;

  integer i;
  always @(posedge clk) begin
    tick <= !tick;
    registers[32] <= state == IDLE ? registers[32] : registers[32] + 1;
    if (s_axil_awvalid && s_axil_awready) begin aw_taken <= 1; aw_word <= s_axil_awaddr[11:2]; end
    if (s_axil_wvalid && s_axil_wready) begin w_taken <= 1; w_data <= s_axil_wdata; end
    if (b_valid && s_axil_bready) b_valid <= 0;
    if (aw_taken && w_taken && !b_valid) begin
      b_valid <= 1; aw_taken <= 0; w_taken <= 0;
      if (aw_word == 7) begin
        if (w_data[0]) done <= 0;
        if (w_data[1]) failed <= 0;
      end else registers[aw_word] <= w_data;
      if (aw_word == 4 && w_data[0] && breach != 5) begin
        state <= READ; done <= 0; failed <= 0; error <= 0;
        source <= registers[8]; target <= registers[11]; left <= registers[9];
        registers[32] <= 0; registers[40] <= 0; registers[42] <= 0;
      end
    end
    if (s_axil_arvalid && s_axil_arready) begin
      r_valid <= 1;
      case (s_axil_araddr[11:2])
        0: r_data <= 32'h4C544E49;
        5: r_data <= {failed, done, state != IDLE};
        7: r_data <= {failed, done};
        14: r_data <= error == 2 ? 1 : error == 3 ? 2 : 0;
        15: r_data <= error_address;
        default: r_data <= registers[s_axil_araddr[11:2]];
      endcase
    end else if (r_valid && s_axil_rready) r_valid <= 0;
    case (state)
      READ: if (m_axi_arready) begin state <= DATA; count <= 0; beats <= chunk; end
      DATA: if (m_axi_rvalid) begin
        buffer[count[3:0]] <= m_axi_rdata;
        if (m_axi_rresp != 0) begin error <= m_axi_rresp; error_address <= source; end
        count <= m_axi_rlast ? 0 : count + 1;
        registers[40] <= registers[40] + 1;
        if (m_axi_rlast) state <= WRITE;
      end
      WRITE: if (error != 0) begin failed <= 1; state <= IDLE; end
        else if (m_axi_awvalid && m_axi_awready) state <= SEND;
      SEND: if (m_axi_wready) begin count <= count + 1; if (count + 1 == beats) state <= ANSWER; end
      ANSWER: if (m_axi_bvalid) begin
        source <= source + {beats, 2'b0}; target <= target + {beats, 2'b0};
        left <= left - beats; done <= left == beats; state <= left == beats ? IDLE : READ;
      end
      default: ;
    endcase
    if (rst) begin
      state <= IDLE; done <= 0; failed <= 0; tick <= 0; error <= 0;
      aw_taken <= 0; w_taken <= 0; b_valid <= 0; r_valid <= 0;
      for (i = 0; i < 1024; i = i + 1) registers[i] <= 0;
    end
  end
endmodule
