"""Models behind OpenAI-compatible endpoints (OpenAI, vLLM, llama.cpp, Ollama, LiteLLM, the offline model)."""

from tokenline.adapters.model_openai.client import OpenAIModel

__all__ = ["OpenAIModel"]
