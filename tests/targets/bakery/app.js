// The application as a whole: what stands before the routes, and what answers errors.

import { readFileSync } from 'node:fs'
import cookieParser from 'cookie-parser'
import express from 'express'
import { Limit, Refused } from './asking.js'
import { account } from './routes/account.js'
import { admin } from './routes/admin.js'
import { orders } from './routes/orders.js'
import { shop } from './routes/shop.js'

const DOCUMENT = readFileSync(new URL('./openapi.json', import.meta.url))

export function build(house) {
  const app = express()
  const callers = new Limit(200, 4)
  app.disable('x-powered-by')
  app.disable('etag')
  app.set('query parser', 'simple')
  app.use(house.protection)
  app.use(cookieParser())
  app.use((request, response, next) => {
    callers.take(house.identified(request)?.id ?? `from ${request.ip}`)
    next()
  })
  app.use(express.json({ limit: '64kb', strict: false }))
  app.get('/openapi.json', (_, response) => response.type('json').send(DOCUMENT))
  app.use(account(house), shop(house), orders(house), admin(house))

  app.use((_request, response) => {
    response.status(404).json({ error: 'There is nothing here.' })
  })
  // Express knows an error handler by its four parameters.
  app.use((error, _request, response, _next) => {
    if (response.headersSent) {
      response.destroy()
    } else if (error instanceof Refused) {
      response.status(error.status).set(error.headers).json({ error: error.message })
    } else if (error.status >= 400 && error.status < 500) {
      response.status(error.status).json(house.unreadable(error))
    } else {
      response.status(500).json(house.broken(error))
    }
  })
  return app
}
