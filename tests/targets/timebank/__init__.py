"""A timebank: members earn and spend minutes for helping each other.

FastAPI, OpenAPI 3.1 at `/openapi.json`. Members register and sign in with JSON for a bearer JWT
(HS256); ids are UUIDs; what belongs to somebody else answers 404, as if it were not there. Members
keep wallets, transfer minutes, give vouchers to each other, publish offers and have events
delivered to hooks. Administrators credit wallets. `/v2` is the version that is documented.
"""
