"""Sensitivity indices: estimators on sums, closed form, intervals."""
