"""A repair shop: customers hand in what is broken, and follow what becomes of it.

Flask behind waitress, pages and a JSON API by the same cookie session. Customers sign in with a
form (`/login`) that carries a CSRF token; whoever is not signed in is sent there. Changes by the
API carry the token as `X-CSRF-Token`; `GET /api/session` tells it. Ids are integers. The document,
OpenAPI 3.0 at `/api/openapi.yaml`, is kept by hand and wrong in places: target.yaml tells where.
"""
