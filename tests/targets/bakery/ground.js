// The command line of the training ground's services, and the choice of their parts: what
// ground/starting.py is to the services in Python.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { parse } from 'yaml'

export class Start {
  #known
  #weak
  #asked = new Set()
  #attached
  #kept = null

  constructor(name, file) {
    const { values } = parseArgs({
      options: {
        port: { type: 'string' },
        weak: { type: 'string', default: '' },
        folder: { type: 'string' },
        attached: { type: 'boolean', default: false },
      },
    })
    this.#known = new Set(parse(readFileSync(file, 'utf8')).map((w) => w.id))
    const asked = values.weak.split(',').filter(Boolean)
    this.#weak = values.weak === 'all' ? this.#known : new Set(asked)
    const unknown = [...this.#weak].filter((id) => !this.#known.has(id))
    if (unknown.length || !/^\d+$/.test(values.port ?? '')) {
      console.error(
        unknown.length
          ? `${name}: no such weakness: ${unknown.join(', ')}; known are ${[...this.#known].join(', ')}`
          : `${name}: --port takes a number`,
      )
      process.exit(2)
    }
    this.port = Number(values.port)
    this.folder = values.folder ?? (this.#kept = mkdtempSync(join(tmpdir(), `${name}-`)))
    this.#attached = values.attached
  }

  // `weak` where the weakness is planted, else `sound`.
  part(id, sound, weak) {
    this.#asked.add(id)
    return this.#weak.has(id) ? weak : sound
  }

  // Says that the service answers, and lets it end as the ground's README says.
  announce(url) {
    const differing = [...this.#known].filter((id) => !this.#asked.has(id))
    if (differing.length || this.#asked.size !== this.#known.size) {
      console.error(`weaknesses.yaml and the parts differ: ${differing.join(', ')}`)
      process.exit(1)
    }
    process.on('SIGTERM', () => this.#end())
    if (this.#attached) process.stdin.on('end', () => this.#end()).resume()
    process.stdout.write(JSON.stringify({ url }) + '\n')
  }

  #end() {
    if (this.#kept) rmSync(this.#kept, { recursive: true, force: true })
    process.exit(0)
  }
}
