"""The engine without a bus: histories as JSON lines, rules as YAML files, clock events and clocks as JSON lines."""
