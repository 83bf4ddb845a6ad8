// One of COUNT words (2, 4, 8 or 16): four LUT4 a bit for eight words, where the mapper, which does
// not see that the halves of a PFUMX may have inputs of their own, takes seven.
module intaglio_mux #(
    parameter WIDTH = 1,
    parameter COUNT = 2,
    parameter BITS = 1
) (
    input [COUNT*WIDTH-1:0] words,
    input [BITS-1:0] select,
    output [WIDTH-1:0] word
);
`ifndef INTAGLIO_MUX_CELLS
`ifdef YOSYS
`ifndef FORMAL
`define INTAGLIO_MUX_CELLS
`endif
`endif
`endif
`ifdef INTAGLIO_MUX_CELLS
    genvar n, k;
    generate
        for (n = 0; n < WIDTH; n = n + 1) begin : bits
            wire [COUNT/2-1:0] pairs;
            for (k = 0; k < COUNT / 2; k = k + 1) begin : luts
                LUT4 #(.INIT(16'hCACA)) lut (
                    .A(words[2*k*WIDTH+n]), .B(words[(2*k+1)*WIDTH+n]),
                    .C(select[0]), .D(1'b0), .Z(pairs[k])
                );
            end
            if (COUNT == 2) begin : two
                assign word[n] = pairs[0];
            end else begin : more
                wire [COUNT/4-1:0] fours;
                for (k = 0; k < COUNT / 4; k = k + 1) begin : halves
                    PFUMX mux (
                        .BLUT(pairs[2*k]), .ALUT(pairs[2*k+1]), .C0(select[1]), .Z(fours[k])
                    );
                end
                if (COUNT == 4) begin : four
                    assign word[n] = fours[0];
                end else begin : eights
                    wire [COUNT/8-1:0] found;
                    for (k = 0; k < COUNT / 8; k = k + 1) begin : quarters
                        L6MUX21 mux (
                            .D0(fours[2*k]), .D1(fours[2*k+1]), .SD(select[2]), .Z(found[k])
                        );
                    end
                    if (COUNT == 8) begin : eight
                        assign word[n] = found[0];
                    end else begin : sixteen
                        L6MUX21 mux (
                            .D0(found[0]), .D1(found[1]), .SD(select[3]), .Z(word[n])
                        );
                    end
                end
            end
        end
    endgenerate
`else
    reg [WIDTH-1:0] found;
    integer k;
    always @* begin
        found = words[0 +: WIDTH];
        for (k = 1; k < COUNT; k = k + 1)
            if (select == k[BITS-1:0])
                found = words[k*WIDTH +: WIDTH];
    end
    assign word = found;
`endif
endmodule
