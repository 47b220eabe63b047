"""The engine: wakes when something is due, claims it, has it delivered, and writes down what became of it."""
