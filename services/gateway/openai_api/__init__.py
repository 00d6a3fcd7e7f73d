"""The OpenAI-compatible door: any OpenAI client gets the queue without knowing it."""
