"""What an agent's author holds: the orchestrator, requests, responses, streams, errors."""
