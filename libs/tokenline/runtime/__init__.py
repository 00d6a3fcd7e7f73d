"""What every service process shares: settings, logs, metrics, probes, tasks, accounts and the ledger's feed."""
