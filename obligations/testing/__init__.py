"""Shipped stand-ins and conformance suites for tests of this application and of connectors written elsewhere."""
