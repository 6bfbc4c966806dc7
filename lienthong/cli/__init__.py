"""The command line: one module for each verb; see the module main."""
