"""Why the clocks of a case stand as they do: gathered from the log or the ledger, told to people or as JSON."""
