"""Claims tickets, asks the model, streams the answer back, writes it down."""
