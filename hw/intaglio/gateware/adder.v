// sum = (clear ? 0 : a) + b. The cells of a carry chain hold the gate as well, and keep the mapper
// from turning two additions in a row into a row of full adders and one addition.
module intaglio_adder #(
    parameter WIDTH = 2
) (
    input [WIDTH-1:0] a,
    input [WIDTH-1:0] b,
    input clear,
    output [WIDTH-1:0] sum
);
`ifndef INTAGLIO_ADDER_CELLS
`ifdef YOSYS
`ifndef FORMAL
`define INTAGLIO_ADDER_CELLS
`endif
`endif
`endif
`ifdef INTAGLIO_ADDER_CELLS
    // Bits in pairs; a last one has a pair of its own.
    localparam PAIRS = (WIDTH + 1) / 2;
    wire [2*PAIRS-1:0] left, right, total;
    wire [PAIRS:0] carry;
    assign left = a;
    assign right = b;
    assign carry[0] = 1'b0;
    genvar n;
    generate
        for (n = 0; n < PAIRS; n = n + 1) begin : pairs
            CCU2C #(
                .INIT0(16'hC6CC), .INIT1(16'hC6CC), .INJECT1_0("NO"), .INJECT1_1("NO")
            ) cell_n (
                .CIN(carry[n]), .COUT(carry[n+1]),
                .A0(left[2*n]), .B0(right[2*n]), .C0(clear), .D0(1'b1), .S0(total[2*n]),
                .A1(left[2*n+1]), .B1(right[2*n+1]), .C1(clear), .D1(1'b1), .S1(total[2*n+1])
            );
        end
    endgenerate
    assign sum = total[WIDTH-1:0];
`else
    assign sum = (clear ? {WIDTH{1'b0}} : a) + b;
`endif
endmodule
