"""Arguments from requests: from paths, query strings, forms, headers and cookies, and JSON."""
