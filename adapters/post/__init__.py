"""The post office: printed documents on their way."""
