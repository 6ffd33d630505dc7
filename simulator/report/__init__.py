"""The robustness appendix: from a file of results to pages, in one language and several formats."""
