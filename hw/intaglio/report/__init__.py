"""One report value, rendered as HTML, JSON, Markdown, CSV and charts."""
