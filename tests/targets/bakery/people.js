// Customers, their passwords, tokens and sessions.

import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import jwt from 'jsonwebtoken'
import { Collection } from './store.js'

const derive = promisify(scrypt)
const COMMON = ['password', 'bakery', '12345678', 'qwertz', 'qwerty', 'letmein', 'iloveyou']
export const TOKEN_SECONDS = 900
const SESSION_MS = 30 * 60 * 1000
const MOST_SESSIONS = 20_000

export async function hashed(password) {
  const salt = randomBytes(16)
  return { salt, hash: await derive(password, salt, 32) }
}

export async function matches(password, kept) {
  return timingSafeEqual(await derive(password, kept.salt, 32), kept.hash)
}

export function weakPassword(password) {
  const plain = password.toLowerCase()
  return password.length < 10 || COMMON.some((word) => plain.includes(word))
}

export class People {
  users = new Collection()
  #nobody

  static async open() {
    const people = new People()
    people.#nobody = await hashed('-')
    return people
  }

  async admit(fields, password) {
    const kept = await hashed(password)
    const row = { name: '', address: '', role: 'customer', credits: 0, blocked: false, epoch: 0 }
    return this.users.insert({ ...row, ...fields, ...kept })
  }

  byEmail(email) {
    return this.users.findOne({ email: email.toLowerCase() })
  }

  // The customer with this e-mail and password; an unknown e-mail costs the same time.
  async known(email, password) {
    const found = this.byEmail(email)
    const right = await matches(password, found ?? this.#nobody)
    return found && right && !found.blocked ? found : undefined
  }
}

export class Tokens {
  #revoked = new Set()

  constructor(secret = randomBytes(32).toString('base64url')) {
    this.secret = secret
  }

  // `jti` names the login that the token is of.
  issue(user, jti) {
    return jwt.sign({ epoch: user.epoch }, this.secret, {
      algorithm: 'HS256',
      subject: String(user.id),
      issuer: 'bakery',
      audience: 'bakery',
      expiresIn: TOKEN_SECONDS,
      jwtid: jti,
    })
  }

  // The claims of one of our tokens; undefined for anything else.
  read(token) {
    if (token.length > 2000 || !canonical(token)) return undefined
    try {
      const claims = this.verified(token)
      return this.#revoked.has(claims.jti) ? undefined : claims
    } catch {
      return undefined
    }
  }

  verified(token) {
    return jwt.verify(token, this.secret, {
      algorithms: ['HS256'],
      issuer: 'bakery',
      audience: 'bakery',
    })
  }

  revoke(jti) {
    this.#revoked.add(jti)
  }
}

// Whether the signature is the one writing of its bytes.
function canonical(token) {
  const part = token.split('.')[2] ?? ''
  return Buffer.from(part, 'base64url').toString('base64url') === part
}

export class Sessions {
  #kept = new Map()

  open(fields = {}) {
    return this.openAs(randomBytes(24).toString('base64url'), fields)
  }

  openAs(sid, fields) {
    if (this.#kept.size >= MOST_SESSIONS) this.#kept.delete(this.#kept.keys().next().value)
    this.#kept.set(sid, { cart: [], ...fields, ends: Date.now() + SESSION_MS })
    return sid
  }

  get(sid) {
    const found = typeof sid === 'string' ? this.#kept.get(sid) : undefined
    return found && found.ends > Date.now() ? found : undefined
  }
}
