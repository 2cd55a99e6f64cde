"""What `make fuzz` runs: more examples of the properties, and two coverage-guided runs."""
