"""Arithmetic on dates, as contracts count them.

Everything here is a pure function of its arguments: no clock is read, nothing is opened, and each result carries the
derivation that explains it.
"""
