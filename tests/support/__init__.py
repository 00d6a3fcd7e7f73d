"""What tests share: engines, fixtures and helpers. Each module here may be a pytest plugin."""
