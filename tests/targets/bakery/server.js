// The bakery: customers order bread at an online counter.
//
// JSON login to a JWT (HS256), or to a session by cookie; integers; 403 to what is another
// customer's; registration, password reset by code, coupons and credits that are had once.
// OpenAPI 3.0 that lacks several operations; the owner's are in no document.

import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { build } from './app.js'
import { Start } from './ground.js'
import { House } from './house.js'
import { People } from './people.js'
import { plant } from './weak.js'

const WARES = [
  ['Rye loaf', 'bread', 480],
  ['Wheat roll', 'bread', 60],
  ['Spelt bun', 'bread', 95],
  ['Plum cake', 'cake', 320],
  ['Poppy twist', 'cake', 240],
]

const start = new Start('bakery', fileURLToPath(new URL('./weaknesses.yaml', import.meta.url)))
const house = new House(await People.open(), start.folder)
plant(start, house)

const customers = [
  ['lena@bakery.example', 'crusty-Morning-417', 'Lena Korn', 'customer'],
  ['piet@bakery.example', 'sourdough-Friday-88', 'Piet Hafer', 'customer'],
  ['owner@bakery.example', 'opens-at-Four-3051', 'Maria Ofen', 'admin'],
]
for (const [name, category, priceCents] of WARES) {
  house.products.insert({ name, category, priceCents, reviews: [] })
}
for (const [email, password, name, role] of customers) {
  const fields = { email, name, role, address: 'Mill Lane 3', credits: 5000 }
  const user = await house.people.admit(fields, password)
  const items = [{ productId: 1, quantity: 1, priceCents: 480 }]
  house.orders.insert({ userId: user.id, items, totalCents: 480, note: '', state: 'open' })
  const code = `GIFT-${randomBytes(6).toString('hex')}`
  house.giftCards.insert({ code, balance: 2500, userId: user.id })
}

const server = build(house).listen(start.port, '127.0.0.1', () => {
  start.announce(`http://127.0.0.1:${server.address().port}`)
})
server.keepAliveTimeout = 15_000
server.headersTimeout = 20_000
server.requestTimeout = 30_000
