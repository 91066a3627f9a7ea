const PERMISSIONS = 'camera=(), geolocation=(), microphone=(), payment=()'

// The fields that helmet does not set.
export function protect(helmeted) {
  return (request, response, next) => {
    response.set({ 'Permissions-Policy': PERMISSIONS, 'Cache-Control': 'no-store' })
    helmeted(request, response, next)
  }
}
