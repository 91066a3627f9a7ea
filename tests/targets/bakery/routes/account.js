// Registration, login, passwords, the customer's own page.

import { randomInt, randomUUID } from 'node:crypto'
import { Router } from 'express'
import { Refused, body, email, line } from '../asking.js'
import { TOKEN_SECONDS, hashed, weakPassword } from '../people.js'

const COOKIE = { httpOnly: true, secure: true, sameSite: 'strict', path: '/' }
const CODE_MS = 10 * 60 * 1000

export function profile(user) {
  const { id, email: address, name, address: home, role, credits } = user
  return { id, email: address, name, address: home, role, credits }
}

function newPassword(value) {
  if (typeof value !== 'string' || value.length > 200 || weakPassword(value)) {
    throw new Refused(422, 'A password has at least 10 characters and is none that everybody has.')
  }
  return value
}

export function account(house) {
  const router = Router()
  const { people } = house

  router.post('/api/register', async (request, response) => {
    house.registrations.take(request.ip)
    const fields = house.registered(body(request))
    const password = newPassword(body(request).password)
    if (people.byEmail(fields.email)) {
      await hashed(password)
    } else {
      await people.admit({ credits: 2000, ...fields }, password)
    }
    response.status(202).json({ message: 'You may sign in now, if the e-mail was free.' })
  })

  router.post('/api/login', async (request, response) => {
    const given = body(request)
    const address = line(given.email, 'email', 254)
    const password = given.password
    if (typeof password !== 'string' || password.length > 200) throw new Refused(422, 'No password.')
    const key = `${request.ip} ${address.toLowerCase()}`
    house.loginLimit.check(key)
    house.clientLoginLimit.check(request.ip)
    const found = await house.login(address, password)
    if (!found) {
      house.loginLimit.note(key)
      house.clientLoginLimit.note(request.ip)
      throw new Refused(401, 'The e-mail or the password is wrong.')
    }
    const login = randomUUID()
    const fields = { userId: found.id, epoch: found.epoch, login }
    response.cookie('sid', house.session(request.cookies.sid, fields), COOKIE)
    response.json({ token: house.tokens.issue(found, login), expiresIn: TOKEN_SECONDS })
  })

  router.post('/api/logout', (request, response) => {
    house.caller(request)
    // The token and the session of one login end together.
    house.loggedOut(request.login)
    house.closed.add(request.login)
    response.clearCookie('sid', COOKIE)
    response.json({ message: 'Good bye.' })
  })

  router.post('/api/password/forgot', (request, response) => {
    const address = email(body(request).email)
    house.forgotLimit.take(`${request.ip} ${address}`)
    const found = people.byEmail(address)
    if (found) {
      const code = String(randomInt(1_000_000)).padStart(6, '0')
      house.codes.set(found.id, { code, ends: Date.now() + CODE_MS, tries: 0 })
      // After the answer, whose time would tell of it.
      setImmediate(() => house.mail(address, `Your code is ${code}.`))
    }
    const { status, body: told } = house.forgotten(found)
    response.status(status).json(told)
  })

  router.post('/api/password/reset', async (request, response) => {
    const given = body(request)
    const address = email(given.email)
    house.resetLimit.take(`${request.ip} ${address}`)
    const password = newPassword(given.password)
    const found = people.byEmail(address)
    const kept = found && house.codes.get(found.id)
    const code = line(given.code, 'code', 6)
    const fresh = await hashed(password)
    const over = !kept || kept.ends < Date.now() || kept.tries++ >= house.mostTries
    if (over || kept.code !== code) {
      throw new Refused(400, 'The e-mail or the code is wrong.')
    }
    house.codes.delete(found.id)
    Object.assign(found, fresh, { epoch: found.epoch + 1 })
    response.json({ message: 'Sign in with your new password.' })
  })

  router.get('/api/profile', (request, response) => {
    response.json(profile(house.caller(request)))
  })

  router.patch('/api/profile', (request, response) => {
    const user = house.caller(request)
    const given = body(request)
    const changes = {}
    for (const name of ['name', 'address']) {
      if (given[name] !== undefined) changes[name] = line(given[name], name)
    }
    Object.assign(user, changes)
    response.json(profile(user))
  })

  router.get('/api/cart', (request, response) => {
    let session = house.sessions.get(request.cookies.sid)
    if (!session) {
      const sid = house.sessions.open()
      session = house.sessions.get(sid)
      response.cookie('sid', sid, COOKIE)
    }
    response.json({ items: session.cart })
  })

  // After a login the page where a visitor came from.
  router.get('/go', (request, response) => {
    const to = request.query.to ?? '/shop'
    response.redirect(302, house.destination(String(to)))
  })

  router.get('/health', (_, response) => {
    response.json({ status: 'ok' })
  })

  return router
}
