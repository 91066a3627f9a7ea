// What the bakery sells, what customers say of it, gift cards, coupons and credits.

import { Router } from 'express'
import { Refused, body, id, line, page, whole } from '../asking.js'
import { profile } from './account.js'

const MOST_REVIEWS = 500

export function shop(house) {
  const router = Router()

  const product = (request) => {
    const found = house.products.get(id(request.params.id))
    if (!found) throw new Refused(404, 'There is no such product.')
    return found
  }
  const plain = ({ reviews, ...rest }) => rest

  router.get('/api/products', (request, response) => {
    const category = request.query.category
    const rows = house.products.find(category === undefined ? {} : { category: String(category) })
    response.json(page(request, rows.map(plain)))
  })

  router.get('/api/products/:id', (request, response) => {
    response.json(plain(product(request)))
  })

  router.get('/api/products/:id/reviews', (request, response) => {
    const rows = product(request).reviews.map(({ userId, ...shown }) => shown)
    response.json(page(request, rows))
  })

  router.post('/api/products/:id/reviews', (request, response) => {
    const user = house.caller(request)
    const found = product(request)
    const given = body(request)
    if (found.reviews.length >= MOST_REVIEWS) throw new Refused(409, 'Enough has been said.')
    // A customer has one review of a product: a later one takes its place.
    const made = {
      by: user.name,
      stars: whole(given.stars, 'stars', 1, 5),
      text: line(given.text, 'text', 500),
    }
    found.reviews = found.reviews.filter((review) => review.userId !== user.id)
    found.reviews.push({ ...made, userId: user.id })
    response.status(201).json(made)
  })

  router.get('/shop', (request, response) => {
    const q = String(request.query.q ?? '')
    if (q.length > 200) throw new Refused(422, 'The value of q does not fit.')
    const rows = house.products.find().filter((p) => p.name.toLowerCase().includes(q.toLowerCase()))
    const items = rows.slice(0, 50).map((p) => `<li>${house.shown(p.name)}: ${p.priceCents} ct</li>`)
    const sought = q ? `<p>You looked for ${house.shown(q)}.</p>` : ''
    response
      .type('html')
      .send(`<!doctype html><html lang="en"><title>Bakery</title><h1>Bakery</h1>${sought}<ul>${items.join('')}</ul></html>`)
  })

  router.post('/api/newsletter', (request, response) => {
    house.registrations.take(`newsletter ${request.ip}`)
    house.subscriber(body(request).email)
    response.status(202).json({ message: 'Thank you.' })
  })

  router.post('/api/giftcards/check', (request, response) => {
    const user = house.caller(request)
    const code = house.giftCode(body(request).code)
    house.giftLimit.check(String(user.id))
    const found = house.giftCards.findOne({ code })
    if (!found) {
      house.giftLimit.note(String(user.id))
      throw new Refused(404, 'There is no such gift card.')
    }
    response.json({ code: found.code, balance: found.balance })
  })

  router.post('/api/coupons/redeem', (request, response) => {
    const user = house.caller(request)
    const code = line(body(request).code, 'code', 40)
    const worth = house.coupons.get(code)
    if (worth === undefined) throw new Refused(404, 'There is no such coupon.')
    if (!house.mayRedeem(user, code)) throw new Refused(409, 'You have redeemed this coupon.')
    house.redeemed.add(`${user.id} ${code}`)
    user.credits += worth
    response.json(profile(user))
  })

  router.post('/api/credits/transfer', async (request, response) => {
    const user = house.caller(request)
    const given = body(request)
    const amount = whole(given.amount, 'amount', 1, 100_000)
    const to = house.people.users.get(whole(given.toUserId, 'toUserId', 1, 999_999_999))
    if (!to || to.id === user.id) throw new Refused(422, 'There is nobody to give them to.')
    await house.transfer(user, to, amount)
    response.json(profile(user))
  })

  return router
}
