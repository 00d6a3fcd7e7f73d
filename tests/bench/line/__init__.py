"""The line without a model: throughput, the ledger's cost, positions, fairness."""
