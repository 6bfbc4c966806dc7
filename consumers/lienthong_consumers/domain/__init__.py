"""What the ledger decides: which event of a case applies, what is counted, what is missing. Pure and synchronous."""
