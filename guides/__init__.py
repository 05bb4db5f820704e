"""What a guide is, and reading guides out of files: Markdown, YAML, JSON, HTML."""
