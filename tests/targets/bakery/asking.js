// How requests are read, and how the bakery says no.

export class Refused extends Error {
  constructor(status, message, headers = {}) {
    super(message)
    this.status = status
    this.headers = headers
  }
}

const CONTROL = /[\u0000-\u001f\u007f]/

export function line(value, name, most = 120) {
  if (typeof value !== 'string' || !value.length || value.length > most || CONTROL.test(value)) {
    throw new Refused(422, `The value of ${name} does not fit.`)
  }
  return value
}

export function whole(value, name, least, most) {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new Refused(422, `The value of ${name} does not fit.`)
  }
  return value
}

// Linear: no pattern is asked that can go back.
export function email(value) {
  const given = line(value, 'email', 254)
  const [local, domain, ...rest] = given.split('@')
  const labels = (domain ?? '').split('.')
  const right =
    !rest.length &&
    local &&
    labels.length > 1 &&
    labels.every((label) => /^[a-z0-9-]+$/i.test(label)) &&
    /^[\w.+-]+$/.test(local)
  if (!right) throw new Refused(422, 'The value of email does not fit.')
  return given.toLowerCase()
}

export function body(request) {
  const given = request.body
  if (given === undefined) throw new Refused(415, 'Send application/json.')
  if (given === null || typeof given !== 'object' || Array.isArray(given)) {
    throw new Refused(422, 'Send an object.')
  }
  return given
}

export function id(text) {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Refused(404, 'There is no such thing.')
  return Number(text)
}

function number(request, name, standard, least, most) {
  const given = request.query[name]
  if (given === undefined) return standard
  if (!/^\d{1,7}$/.test(String(given))) throw new Refused(422, `The value of ${name} does not fit.`)
  return whole(Number(given), name, least, most)
}

export function page(request, rows) {
  const limit = number(request, 'limit', 20, 1, 100)
  const offset = number(request, 'offset', 0, 0, 1_000_000)
  return { total: rows.length, items: rows.slice(offset, offset + limit) }
}

// At most `most` takes a key within `seconds`.
export class Limit {
  #taken = new Map()

  constructor(most, seconds) {
    this.most = most
    this.milliseconds = seconds * 1000
  }

  check(key) {
    const now = Date.now()
    const kept = (this.#taken.get(key) ?? []).filter((at) => at > now - this.milliseconds)
    this.#taken.set(key, kept)
    if (kept.length >= this.most) {
      const wait = Math.max(1, Math.ceil((kept[0] + this.milliseconds - now) / 1000))
      throw new Refused(429, 'You ask too often.', { 'Retry-After': String(wait) })
    }
  }

  note(key) {
    this.#taken.get(key)?.push(Date.now()) ?? this.#taken.set(key, [Date.now()])
  }

  take(key) {
    this.check(key)
    this.note(key)
  }
}
