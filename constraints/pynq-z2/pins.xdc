# PYNQ-Z2; pins as in TUL's user manual.

# 125 MHz from the Ethernet PHY
set_property -dict {PACKAGE_PIN H16 IOSTANDARD LVCMOS33} [get_ports clk]
create_clock -name clk -period 8.000 [get_ports clk]

# Reset: button BTN0, high while pressed
set_property -dict {PACKAGE_PIN D19 IOSTANDARD LVCMOS33} [get_ports -quiet rst]

# Four LEDs, lit while high
set_property -dict {PACKAGE_PIN R14 IOSTANDARD LVCMOS33} [get_ports -quiet {led[0]}]
set_property -dict {PACKAGE_PIN P14 IOSTANDARD LVCMOS33} [get_ports -quiet {led[1]}]
set_property -dict {PACKAGE_PIN N16 IOSTANDARD LVCMOS33} [get_ports -quiet {led[2]}]
set_property -dict {PACKAGE_PIN M14 IOSTANDARD LVCMOS33} [get_ports -quiet {led[3]}]
