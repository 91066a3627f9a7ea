// A document store in memory: collections that are asked with Mongo's operators.

const OPERATORS = {
  $eq: (value, wanted) => value === wanted,
  $ne: (value, wanted) => value !== wanted,
  $gt: (value, wanted) => value > wanted,
  $gte: (value, wanted) => value >= wanted,
  $lt: (value, wanted) => value < wanted,
  $lte: (value, wanted) => value <= wanted,
  $in: (value, wanted) => Array.isArray(wanted) && wanted.includes(value),
  $nin: (value, wanted) => Array.isArray(wanted) && !wanted.includes(value),
  $exists: (value, wanted) => (value !== undefined) === Boolean(wanted),
  $regex: (value, wanted) => typeof value === 'string' && value.includes(String(wanted).replace(/[\^$.*]/g, '')),
}

function fits(value, wanted) {
  if (wanted === null || typeof wanted !== 'object') return value === wanted
  const asked = Object.entries(wanted)
  if (!asked.length || !asked.every(([name]) => Object.hasOwn(OPERATORS, name))) return false
  return asked.every(([name, operand]) => OPERATORS[name](value, operand))
}

export class Collection {
  #rows = new Map()
  #last = 0

  insert(row) {
    const made = { id: ++this.#last, ...row }
    this.#rows.set(made.id, made)
    return made
  }

  get(id) {
    return this.#rows.get(id)
  }

  find(query = {}) {
    const asked = Object.entries(query)
    return [...this.#rows.values()].filter((row) => asked.every(([n, w]) => fits(row[n], w)))
  }

  findOne(query) {
    return this.find(query)[0]
  }

  delete(id) {
    this.#rows.delete(id)
  }
}
