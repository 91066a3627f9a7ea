// What the owner does; in no document.

import { Router } from 'express'
import { Refused, body, id, page, whole } from '../asking.js'
import { profile } from './account.js'

export function admin(house) {
  const router = Router()

  router.get('/api/admin/users', (request, response) => {
    house.admin(house.caller(request))
    response.json(page(request, house.people.users.find().map(profile)))
  })

  router.patch('/api/admin/users/:id', (request, response) => {
    const user = house.caller(request)
    if (user.role !== 'admin') throw new Refused(403, 'That is for the owner.')
    const found = house.people.users.get(id(request.params.id))
    if (!found) throw new Refused(404, 'There is no such customer.')
    found.credits = whole(body(request).credits, 'credits', 0, 1_000_000)
    response.json(profile(found))
  })

  return router
}
