"""Runtime: devices, processes, memory and clocks."""
