"""Rows of the ledger as CSV, for people who work with spreadsheets, R or pandas."""
