"""The libraries side by side: from a function to its Sobol' indices, each at its best settings."""
