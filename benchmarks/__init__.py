"""How fast, how small and how exact the simulator is: `python -m benchmarks`; see README.md."""
