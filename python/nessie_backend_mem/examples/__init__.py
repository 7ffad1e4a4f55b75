"""Worked examples, to read and to run."""
