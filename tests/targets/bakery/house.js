// The bakery's parts and rules. `weak.js` names the parts that can be put in their place.

import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import helmet from 'helmet'
import { protect } from './headers.js'
import { Limit, Refused, email, line, whole } from './asking.js'
import { Sessions, Tokens } from './people.js'
import { Collection } from './store.js'

export const ESCAPED = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

export class House {
  tokens = new Tokens()
  sessions = new Sessions()
  products = new Collection()
  orders = new Collection()
  giftCards = new Collection()
  coupons = new Map([['WELCOME5', 500]])
  redeemed = new Set()
  codes = new Map()
  closed = new Set()
  loginLimit = new Limit(10, 60)
  clientLoginLimit = new Limit(100, 60)
  resetLimit = new Limit(5, 300)
  forgotLimit = new Limit(5, 300)
  mostTries = 5
  giftLimit = new Limit(20, 60)
  registrations = new Limit(30, 60)

  constructor(people, folder) {
    this.people = people
    this.folder = folder
  }

  mail(to, text) {
    appendFileSync(join(this.folder, 'outbox.jsonl'), JSON.stringify({ to, text }) + '\n')
  }

  // The parts.

  protection = protect(helmet({
    contentSecurityPolicy: {
      directives: { defaultSrc: ["'none'"], styleSrc: ["'self'"], formAction: ["'self'"], frameAncestors: ["'none'"], baseUri: ["'none'"] },
      useDefaults: false,
    },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
  }))

  login = (address, password) => this.people.known(address, password)

  registered = (given) => ({ email: email(given.email), name: line(given.name, 'name') })

  forgotten = () => ({ status: 202, body: { message: 'If we know you, a code is on its way.' } })

  session = (_presented, fields) => this.sessions.open(fields)

  loggedOut = (jti) => this.tokens.revoke(jti)

  orderToCancel = (user, order) => order?.userId === user.id

  receiptReader = (user, order) => order?.userId === user.id || user.role === 'admin'

  admin = (user) => {
    if (user.role !== 'admin') throw new Refused(403, 'That is for the owner.')
  }

  mayRedeem = (user, code) => !this.redeemed.has(`${user.id} ${code}`)

  quantity = (value) => whole(value, 'quantity', 1, 50)

  giftCode = (value) => line(value, 'code', 40)

  subscriber = email

  destination = (given) => {
    if (!/^\/(?![/\\])[\w/-]{0,100}$/.test(given)) throw new Refused(422, 'Go to a page of ours.')
    return given
  }

  shown = (text) => text.replace(/[&<>"']/g, (sign) => ESCAPED[sign])

  // Both accounts change in one step of the event loop; the recipient is told afterwards.
  transfer = async (from, to, amount) => {
    if (from.credits < amount) throw new Refused(409, 'You have not that many credits.')
    from.credits -= amount
    to.credits += amount
    await pause(20)
  }

  broken = () => ({ error: 'Something broke; we have been told.' })

  unreadable = () => ({ error: 'That cannot be read.' })

  caller(request) {
    const found = this.identified(request)
    if (found) return found
    throw new Refused(401, 'Sign in.', { 'WWW-Authenticate': 'Bearer realm="bakery"' })
  }

  // The customer of a request: by token, or by session where there is no token.
  identified(request) {
    const given = request.get('authorization')
    if (given !== undefined) {
      const [scheme, token, ...rest] = given.split(' ')
      const fits = scheme.toLowerCase() === 'bearer' && token && !rest.length
      const claims = fits ? this.tokens.read(token) : undefined
      const found = claims && this.people.users.get(Number(claims.sub))
      if (found && !found.blocked && found.epoch === claims.epoch) {
        request.login = claims.jti
        return found
      }
    } else {
      const session = this.sessions.get(request.cookies.sid)
      const found = session && this.people.users.get(session.userId)
      const live = found && !found.blocked && found.epoch === session.epoch
      if (live && !this.closed.has(session.login) && this.#ownOrigin(request)) {
        request.login = session.login
        return found
      }
    }
    return undefined
  }

  // A change by cookie never comes from a page of another origin.
  #ownOrigin(request) {
    const origin = request.get('origin')
    const site = request.get('sec-fetch-site')
    if (site !== undefined && !['same-origin', 'none'].includes(site)) return false
    return origin === undefined || origin === `http://${request.get('host')}`
  }
}
