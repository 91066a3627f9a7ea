// The weaknesses that can be planted in the bakery: each is another part in a part's place.

import { setTimeout as pause } from 'node:timers/promises'
import { createContext, runInContext } from 'node:vm'
import jwt from 'jsonwebtoken'
import { Limit, Refused, line } from './asking.js'
import { Tokens, matches } from './people.js'

// Takes what the header says of the algorithm for granted.
class TrustingTokens extends Tokens {
  verified(token) {
    const { header, payload } = jwt.decode(token, { complete: true }) ?? {}
    if (header?.alg?.toLowerCase() !== 'none') return super.verified(token)
    if (payload.exp < Date.now() / 1000) throw new Error('over')
    return payload
  }
}

const unlimited = () => new Limit(Number.MAX_SAFE_INTEGER, 1)

// A pattern that goes back and back. The clock of the sandbox ends it, so that the machine is spared.
function patient(value) {
  const given = line(value, 'email', 254)
  const sandbox = createContext({ given })
  try {
    const right = runInContext(
      '/^([a-z0-9]+[._-]?)+@([a-z0-9-]+\\.)+[a-z]{2,}$/i.test(given)', sandbox, { timeout: 3000 },
    )
    if (right) return given
  } catch (error) {
    if (error.code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error
  }
  throw new Refused(422, 'The value of email does not fit.')
}

export function plant(start, house) {
  const part = (id, name, weak) => {
    house[name] = start.part(id, house[name], weak)
  }
  const { people, sessions } = house

  const secret = start.part('BK-02', undefined, 'secret')
  const Kind = start.part('BK-01', Tokens, TrustingTokens)
  house.tokens = new Kind(secret)

  part('BK-03', 'giftCode', (value) => value)
  part('BK-04', 'loginLimit', unlimited())
  part('BK-04', 'clientLoginLimit', unlimited())
  part('BK-05', 'resetLimit', unlimited())
  part('BK-05', 'mostTries', Number.MAX_SAFE_INTEGER)
  part('BK-06', 'forgotten', (found) =>
    found
      ? { status: 202, body: { message: 'A code is on its way.' } }
      : { status: 404, body: { error: 'Nobody has this e-mail.' } },
  )
  part('BK-07', 'login', async (address, password) => {
    const found = people.byEmail(address)
    return found && !found.blocked && (await matches(password, found)) ? found : undefined
  })
  const registered = house.registered
  part('BK-08', 'registered', (given) => ({
    ...registered(given),
    ...(typeof given.role === 'string' ? { role: given.role } : {}),
  }))
  part('BK-09', 'admin', () => undefined)
  part('BK-10', 'receiptReader', () => true)
  part('BK-11', 'orderToCancel', () => true)
  part('BK-12', 'mayRedeem', () => true)
  part('BK-13', 'quantity', (value) => {
    if (!Number.isSafeInteger(value) || Math.abs(value) > 1000) throw new Refused(422, 'How many?')
    return value
  })
  // What an account holds is asked for first, and written after the books were asked, too.
  part('BK-14', 'transfer', async (from, to, amount) => {
    const { credits } = from
    if (credits < amount) throw new Refused(409, 'You have not that many credits.')
    await pause(80)
    from.credits = credits - amount
    to.credits += amount
  })
  part('BK-15', 'destination', (given) => given)
  part('BK-16', 'shown', (text) => text)
  part('BK-17', 'subscriber', patient)
  part('BK-18', 'session', (presented, fields) => {
    const kept = typeof presented === 'string' && /^[\w-]{8,64}$/.test(presented)
    return kept ? sessions.openAs(presented, fields) : sessions.open(fields)
  })
  part('BK-19', 'protection', (_request, response, next) => {
    response.set('Cache-Control', 'no-store')
    next()
  })
  const traced = (error) => ({ error: error.message, stack: error.stack })
  part('BK-20', 'unreadable', traced)
  part('BK-20', 'broken', traced)
  part('BK-21', 'loggedOut', () => undefined)
}
