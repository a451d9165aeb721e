"""The record of a run, as an auditor takes it: sealed, witnessed, proven, and handed over."""
