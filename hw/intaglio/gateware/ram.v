// One write and one read port on one clock; a read takes one cycle. A read and a write of one
// address in one cycle give the old word in simulation and nothing certain in hardware: the waits
// of a program keep them apart.
module intaglio_ram #(
    parameter WIDTH = 8,
    parameter DEPTH = 2,
    parameter ADDRESS = 1
) (
    input clk,
    input write_enable,
    input [ADDRESS-1:0] write_address,
    input [WIDTH-1:0] write_data,
    input read_enable,
    input [ADDRESS-1:0] read_address,
    output reg [WIDTH-1:0] read_data
);
    reg [WIDTH-1:0] words [0:DEPTH-1];
    always @(posedge clk) begin
        if (write_enable)
            words[write_address] <= write_data;
        if (read_enable)
            read_data <= words[read_address];
    end
endmodule

// The same in block RAM, however few its words are.
module intaglio_block_ram #(
    parameter WIDTH = 8,
    parameter DEPTH = 2,
    parameter ADDRESS = 1
) (
    input clk,
    input write_enable,
    input [ADDRESS-1:0] write_address,
    input [WIDTH-1:0] write_data,
    input read_enable,
    input [ADDRESS-1:0] read_address,
    output reg [WIDTH-1:0] read_data
);
    (* ram_style = "block" *)
    reg [WIDTH-1:0] words [0:DEPTH-1];
    always @(posedge clk) begin
        if (write_enable)
            words[write_address] <= write_data;
        if (read_enable)
            read_data <= words[read_address];
    end
endmodule
