"""The Word attachments: how an official document is laid out, the templates, and filling them."""
