// Sends small messages to a BeaconCollector, in envelopes, and never makes the page wait.
//
//     import { collect } from '/parley/beacon.js'
//     const beacons = collect('/beacon')
//     beacons.send({ event: 'click', on: 'buy' })
//
// An envelope is {"page":"…","first":17,"messages":[…]}: a name that each page makes up, and the number of the first message.
// The others count on from there, from 1 on without a hole, so that a number which never comes tells the server of a loss.
// It is sent as text/plain, which spares pages of other origins a preflight. What was sent may come twice, with the same
// numbers, where the answer was lost.

/** Browsers let a page have 64 KiB on its way, in all: the rest is for those who send without this module. */
const MAX_BYTES = 60 * 1024
/** What a message that waits takes beside its JSON, roughly. */
const OVERHEAD_BYTES = 100
const MIN_PAUSE = 1000 // ms
const MAX_PAUSE = 5 * 60_000
const MAX_RETRY_AFTER = 24 * 3600_000
/** How long a fetch may take: what it carries then counts as not sent. */
const FETCH_DEADLINE = 60_000

const END = ']}'

const utf8 = new TextEncoder()

/** Begins to collect messages for an address. */
export function collect(url, options) {
  return new Beacons(url, options)
}

class Beacons {
  #url
  #delay
  #maxBytes
  #maxQueuedBytes
  #onLost
  #page = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  /** What waits: { number, json, bytes }, in order, with holes where messages were lost. */
  #queue = []
  #queuedBytes = 0
  #next = 1
  #timer
  /** How long to wait after a failure of which nobody knows the reason; each one doubles it. */
  #pause = 0
  /** The server does not want to hear from this page before. */
  #notBefore = 0
  #fetching = false
  #stopped = false
  #listeners = new AbortController()

  constructor(url, { delay = 2000, maxBytes = MAX_BYTES, maxQueuedBytes = 1024 * 1024, onLost } = {}) {
    this.#url = new URL(url, document.baseURI).href
    this.#delay = within('delay', delay, 0, 60_000)
    this.#maxBytes = within('maxBytes', maxBytes, 1024, MAX_BYTES)
    this.#maxQueuedBytes = within('maxQueuedBytes', maxQueuedBytes, maxBytes, 64 * 1024 * 1024)
    this.#onLost = onLost
    const { signal } = this.#listeners
    // The last event that a page can count on; Safari tells of some ends by pagehide alone.
    document.addEventListener('visibilitychange', () => isHidden() && this.flush(), { signal })
    window.addEventListener('pagehide', () => this.flush(), { signal })
  }

  get page() {
    return this.#page
  }

  get stopped() {
    return this.#stopped
  }

  send(message) {
    const json = JSON.stringify(message)
    if (json === undefined) throw new TypeError(`message: ${typeof message} (expected: what JSON can hold)`)
    const entry = { number: this.#next++, json, bytes: utf8.encode(json).length }
    if (this.#stopped) {
      this.#lose([entry], 'stopped')
    } else if (this.#begin(entry.number).length + entry.bytes + END.length > this.#maxBytes) {
      this.#lose([entry], 'too-large')
    } else {
      this.#queue.push(entry)
      this.#queuedBytes += entry.bytes
      this.#makeRoom()
      // Nobody knows how long a page that is hidden will live. What else is said in this turn goes with it.
      if (isHidden()) queueMicrotask(() => this.flush())
      else if (this.#queuedBytes >= this.#maxBytes && this.#pause === 0 && !this.#fetching) this.flush()
      else this.#flushIn(this.#delay)
    }
    return entry.number
  }

  flush() {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const early = this.#notBefore - Date.now()
    if (early > 0) {
      this.#flushIn(early)
      return
    }
    while (this.#queue.length > 0) {
      const entries = this.#take()
      const envelope = this.#begin(entries[0].number) + entries.map(({ json }) => json).join() + END
      if (navigator.sendBeacon(this.#url, envelope)) {
        this.#pause = 0
      } else if (this.#fetching) {
        // One at a time: the rest goes when it ends, or before if the browser has room for a beacon again.
        this.#putBack(entries)
        break
      } else {
        this.#fetch(envelope, entries)
      }
    }
  }

  close() {
    this.flush()
    this.#stop('stopped')
  }

  #begin(number) {
    return `{"page":"${this.#page}","first":${number},"messages":[`
  }

  #flushIn(ms) {
    if (this.#queue.length > 0) this.#timer ??= setTimeout(() => this.flush(), ms)
  }

  /** The first messages of the queue, as far as their numbers have no hole and one envelope holds them. */
  #take() {
    const first = this.#queue[0].number
    let bytes = this.#begin(first).length + END.length
    let count = 0
    for (const entry of this.#queue) {
      bytes += entry.bytes + (count > 0 ? 1 : 0)
      if (entry.number !== first + count || bytes > this.#maxBytes) break
      count++
    }
    const entries = this.#queue.splice(0, count)
    for (const entry of entries) this.#queuedBytes -= entry.bytes
    return entries
  }

  async #fetch(envelope, entries) {
    this.#fetching = true
    let response
    try {
      const signal = AbortSignal.timeout(FETCH_DEADLINE)
      response = await fetch(this.#url, { method: 'POST', body: envelope, keepalive: true, credentials: 'include', signal })
    } catch {
      // No room, no network, no leave, or no answer in time: a page is hardly told which. All of them may pass.
    }
    this.#fetching = false
    const status = response?.status ?? 0
    if (this.#stopped) {
      if (!response?.ok) this.#lose(entries, 'stopped')
    } else if (response?.ok) {
      this.#pause = 0
      this.#flushIn(0)
    } else if (status === 410) {
      this.#lose(entries, 'stopped')
      this.#stop('stopped')
    } else if (status === 0 || status === 429 || status >= 500) {
      this.#putBack(entries)
      this.#wait(response?.headers.get('Retry-After'))
    } else {
      this.#lose(entries, 'refused')
      this.#flushIn(0)
    }
  }

  #putBack(entries) {
    this.#queue.unshift(...entries)
    for (const entry of entries) this.#queuedBytes += entry.bytes
    this.#makeRoom()
  }

  #wait(retryAfter) {
    const told = retryAfter ? (/^\d+$/.test(retryAfter) ? retryAfter * 1000 : Date.parse(retryAfter) - Date.now()) : 0
    this.#pause = Math.min(Math.max(this.#pause * 2, MIN_PAUSE), MAX_PAUSE)
    // Without a word of the server only the timer waits: a page that is left tries once more.
    if (told > 0) this.#notBefore = Date.now() + Math.min(told, MAX_RETRY_AFTER)
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#flushIn(told > 0 ? Math.min(told, MAX_RETRY_AFTER) : this.#pause)
  }

  /** The oldest go first: what a page said last tells most of how it ended. */
  #makeRoom() {
    let count = 0
    while (this.#queuedBytes + (this.#queue.length - count) * OVERHEAD_BYTES > this.#maxQueuedBytes) {
      this.#queuedBytes -= this.#queue[count++].bytes
    }
    if (count > 0) this.#lose(this.#queue.splice(0, count), 'overflow')
  }

  #stop(reason) {
    this.#stopped = true
    this.#listeners.abort()
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#queuedBytes = 0
    this.#lose(this.#queue.splice(0), reason)
  }

  #lose(entries, reason) {
    if (!this.#onLost) return
    for (const { number, json } of entries) {
      // Not now: a callback may send, or throw.
      queueMicrotask(() => this.#onLost({ number, reason, message: JSON.parse(json) }))
    }
  }
}

function isHidden() {
  return document.visibilityState === 'hidden'
}

function within(name, value, least, most) {
  if (!(value >= least && value <= most)) throw new RangeError(`${name}: ${value} (expected: ${least} to ${most})`)
  return value
}
