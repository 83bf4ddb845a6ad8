# Arty A7-35T; pins as in Digilent's reference manual.

# 100 MHz oscillator
set_property -dict {PACKAGE_PIN E3 IOSTANDARD LVCMOS33} [get_ports clk]
create_clock -name clk -period 10.000 [get_ports clk]

# Reset: button RESET, low while pressed
set_property -dict {PACKAGE_PIN C2 IOSTANDARD LVCMOS33} [get_ports -quiet rst_n]

# Host link: FT2232H channel B, named from the FPGA's side
set_property -dict {PACKAGE_PIN D10 IOSTANDARD LVCMOS33} [get_ports -quiet uart_tx]
set_property -dict {PACKAGE_PIN A9 IOSTANDARD LVCMOS33} [get_ports -quiet uart_rx]

# Four LEDs, lit while high
set_property -dict {PACKAGE_PIN H5 IOSTANDARD LVCMOS33} [get_ports -quiet {led[0]}]
set_property -dict {PACKAGE_PIN J5 IOSTANDARD LVCMOS33} [get_ports -quiet {led[1]}]
set_property -dict {PACKAGE_PIN T9 IOSTANDARD LVCMOS33} [get_ports -quiet {led[2]}]
set_property -dict {PACKAGE_PIN T10 IOSTANDARD LVCMOS33} [get_ports -quiet {led[3]}]
