"""The administrators' REST API: what is so (`views`), what was done (`records`), what to do (`actions`)."""
