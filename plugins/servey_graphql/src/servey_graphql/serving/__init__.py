"""GraphQL over HTTP: from a request to a document that may be run, and to the response."""
