"""Field work: research groups keep projects, and the samples that were taken for them.

Django REST framework behind waitress. Callers bring an API key (`X-Api-Key`) or user and password
by HTTP basic; ids are names. Resources are nested: an organisation has members and projects, a
project has samples. Some operations answer 200 with `{"ok": false, "error": ...}` where nothing was
done. The document is OpenAPI 2.0, at `/swagger.json`.
"""
