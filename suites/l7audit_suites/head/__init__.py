"""Response headers: what answers tell browsers and caches to do, and what they give away."""
