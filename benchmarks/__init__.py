"""How fast Playhead is, beside peers measured in the same run: `python -m benchmarks`. Nothing passes or fails."""
