"""What a service says of itself to programs: its OpenAPI and AsyncAPI documents, made from the contracts."""
