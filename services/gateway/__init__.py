"""The door: identity, REST, sockets, SSE, the OpenAI-compatible API, and the chat page."""
