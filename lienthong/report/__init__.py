"""The statutory reports from the ledger: form II.06, on the screen and as CSV, XLSX and JSON."""
