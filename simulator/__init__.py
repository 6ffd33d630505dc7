"""How sure is the estimate of what generative AI can free in the Danish public sector, and what drives it?"""

__version__ = "0.1.0"
