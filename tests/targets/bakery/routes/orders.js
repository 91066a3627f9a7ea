// Orders: what is another customer's, or not there, is refused with 403.

import { Router } from 'express'
import { Refused, body, line, page } from '../asking.js'
import { profile } from './account.js'

const MOST_ORDERS = 300
const MOST_ITEMS = 20

export function orders(house) {
  const router = Router()

  const own = (request, allowed = (user, order) => order.userId === user.id) => {
    const user = house.caller(request)
    const ref = request.params.id
    const found = /^\d+$/.test(ref) ? house.orders.get(Number(ref)) : undefined
    if (!found || !allowed(user, found)) throw new Refused(403, 'That is no order of yours.')
    return [user, found]
  }

  router.get('/api/orders', (request, response) => {
    const user = house.caller(request)
    response.json(page(request, house.orders.find({ userId: user.id })))
  })

  router.post('/api/orders', (request, response) => {
    const user = house.caller(request)
    const given = body(request)
    if (!Array.isArray(given.items) || !given.items.length || given.items.length > MOST_ITEMS) {
      throw new Refused(422, 'An order has 1 to 20 items.')
    }
    if (house.orders.find({ userId: user.id }).length >= MOST_ORDERS) {
      throw new Refused(409, 'You have as many orders as a customer may have.')
    }
    const items = given.items.map((item) => {
      const found = Number.isSafeInteger(item?.productId) && house.products.get(item.productId)
      if (!found) throw new Refused(422, 'There is no such product.')
      const quantity = house.quantity(item.quantity)
      return { productId: found.id, quantity, priceCents: found.priceCents }
    })
    const totalCents = items.reduce((sum, item) => sum + item.quantity * item.priceCents, 0)
    const note = given.note === undefined ? '' : line(given.note, 'note', 200)
    const made = house.orders.insert({ userId: user.id, items, totalCents, note, state: 'open' })
    response.status(201).json(made)
  })

  router.get('/api/orders/:id', (request, response) => {
    response.json(own(request)[1])
  })

  router.delete('/api/orders/:id', (request, response) => {
    const [, found] = own(request, house.orderToCancel)
    if (found.state === 'paid') throw new Refused(409, 'The order is paid and in the oven.')
    house.orders.delete(found.id)
    response.json({ message: 'The order is cancelled.' })
  })

  router.post('/api/orders/:id/payment', (request, response) => {
    const [user, found] = own(request)
    if (found.state === 'paid') throw new Refused(409, 'The order is paid.')
    if (user.credits < found.totalCents) throw new Refused(409, 'You have not that many credits.')
    user.credits -= found.totalCents
    found.state = 'paid'
    response.json(profile(user))
  })

  router.get('/api/orders/:id/receipt', (request, response) => {
    const [, found] = own(request, house.receiptReader)
    const buyer = house.people.users.get(found.userId)
    response.json({ order: found.id, buyer: buyer.name, address: buyer.address, totalCents: found.totalCents })
  })

  return router
}
