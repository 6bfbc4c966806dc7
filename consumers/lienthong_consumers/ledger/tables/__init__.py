"""The tables of the ledger, a module for each group: how a batch is read from them and written to them."""
