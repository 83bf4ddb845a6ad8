// What the ECP5 primitives of this design do, for simulators and proofs; synthesis has its own.
// Only what the design uses is modelled: one clock CLK0, its enable CE0, no resets.
`ifdef FORMAL
`define INTAGLIO_ECP5_MODELS
`else
`ifndef YOSYS
`define INTAGLIO_ECP5_MODELS
`endif
`endif
`ifdef INTAGLIO_ECP5_MODELS
module MULT18X18D #(
    parameter REG_INPUTA_CLK = "NONE",
    parameter REG_INPUTB_CLK = "NONE",
    parameter REG_PIPELINE_CLK = "NONE",
    parameter REG_OUTPUT_CLK = "NONE"
) (
    input A0, A1, A2, A3, A4, A5, A6, A7, A8, A9, A10, A11, A12, A13, A14, A15, A16, A17,
    input B0, B1, B2, B3, B4, B5, B6, B7, B8, B9, B10, B11, B12, B13, B14, B15, B16, B17,
    input SIGNEDA, SIGNEDB, SOURCEA, SOURCEB,
    input CLK0, CLK1, CLK2, CLK3, CE0, CE1, CE2, CE3, RST0, RST1, RST2, RST3,
    output P0, P1, P2, P3, P4, P5, P6, P7, P8, P9, P10, P11, P12, P13, P14, P15, P16, P17,
    output P18, P19, P20, P21, P22, P23, P24, P25, P26, P27, P28, P29, P30, P31, P32, P33, P34, P35
);
    // One bit more than the port holds either sign.
    wire signed [18:0] a = {SIGNEDA & A17, A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6,
                            A5, A4, A3, A2, A1, A0};
    wire signed [18:0] b = {SIGNEDB & B17, B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6,
                            B5, B4, B3, B2, B1, B0};
    reg signed [18:0] a_register, b_register;
    reg signed [37:0] product_register, output_register;
    wire signed [18:0] a_used = REG_INPUTA_CLK == "NONE" ? a : a_register;
    wire signed [18:0] b_used = REG_INPUTB_CLK == "NONE" ? b : b_register;
    wire signed [37:0] product = a_used * b_used;
    wire signed [37:0] piped = REG_PIPELINE_CLK == "NONE" ? product : product_register;
    wire signed [37:0] result = REG_OUTPUT_CLK == "NONE" ? piped : output_register;
    always @(posedge CLK0)
        if (CE0) begin
            a_register <= a;
            b_register <= b;
            product_register <= product;
            output_register <= piped;
        end
    assign {P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19,
            P18, P17, P16, P15, P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1,
            P0} = result[35:0];
endmodule

module CCU2C #(
    parameter [15:0] INIT0 = 16'h0000,
    parameter [15:0] INIT1 = 16'h0000,
    parameter INJECT1_0 = "NO",
    parameter INJECT1_1 = "NO"
) (
    input CIN, A0, B0, C0, D0, A1, B1, C1, D1,
    output S0, S1, COUT
);
    // A bit propagates its carry where its table says 1, else the carry is the table's first
    // quarter at A and B.
    wire propagate_0 = INIT0[{D0, C0, B0, A0}];
    wire propagate_1 = INIT1[{D1, C1, B1, A1}];
    wire into_0 = INJECT1_0 == "NO" & CIN;
    wire between = propagate_0 ? CIN : INJECT1_0 == "NO" & INIT0[{2'b00, B0, A0}];
    wire into_1 = INJECT1_1 == "NO" & between;
    assign S0 = propagate_0 ^ into_0;
    assign S1 = propagate_1 ^ into_1;
    assign COUT = propagate_1 ? between : INJECT1_1 == "NO" & INIT1[{2'b00, B1, A1}];
endmodule
`endif
