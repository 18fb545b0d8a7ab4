// @ts-check
// Joins a room of a SignalingEndpoint, and connects to everybody in it.
//
//     import { join } from '/parley/signaling.js'
//     const room = await join('/signal', { room: 'team', name: 'Ann', media: { audio: true, video: true } })
//     room.addEventListener('peer', ({ peer }) => document.body.append(peer.video))
//
// Who joins makes the offers, those who were there wait for them: so two offers seldom cross, and where they do, the two
// settle it by perfect negotiation (https://www.w3.org/TR/webrtc/#perfect-negotiation-example). What may have been lost
// when the connection to the server broke is not sent again but negotiated anew, in a higher generation, which wins over
// any lower one. Media flows from browser to browser and does not mind that the server is away.

const OPEN_MS = 10_000 // to open a connection to the server
const ANSWER_MS = 10_000 // how long the server may take to answer
const STREAM_SILENCE_MS = 60_000 // an event stream has comments in it, more often than that
const PROBE_MS = 20_000 // while it waits to be let in
const ACK_MESSAGES = 16
const ACK_MS = 5_000
const FIRST_PAUSE_MS = 500
const MAX_PAUSE_MS = 30_000
const REPAIR_MS = 20_000 // how long two peers may take to connect, or to agree
const MAX_WAITING = 256 // messages that the server has not confirmed
const ICE_RESTARTS = 2 // in a row, before there is a new RTCPeerConnection

const LEFT = 4000
const REPLACED = 4001

/**
 * Each connection has this data channel, which carries nothing: so there is something to negotiate even where nobody has
 * media, and to open another channel needs no negotiation.
 */
const GROUND = { negotiated: true, id: 0 }

/** Joins a room. */
export async function join(url, options) {
  const { signal, media } = options
  signal?.throwIfAborted()
  const mine = isConstraints(media) ? await getMedia(media) : undefined
  const room = new Room(url, options, mine ?? media, mine)
  const abort = () => room.leave()
  try {
    signal?.addEventListener('abort', abort)
    await open(room)
    return room
  } catch (e) {
    for (const track of mine?.getTracks() ?? []) track.stop()
    throw signal?.aborted ? signal.reason : e
  } finally {
    signal?.removeEventListener('abort', abort)
  }
}

function isConstraints(media) {
  return Boolean(media) && !(media instanceof MediaStream)
}

/** Only `join` opens a room. */
/** @type {(room: Room) => Promise<void>} */
let open

// ---- errors

/** The server refused something, or was not there. */
export class SignalError extends Error {
  constructor(code, message) {
    super(message)
    this.name = 'SignalError'
    this.code = code
  }
}

/** There is no picture, or no sound, and why. */
export class DeviceError extends Error {
  constructor(code, message, cause) {
    super(message, { cause })
    this.name = 'DeviceError'
    this.code = code
  }
}

const DEVICE_ERRORS = {
  NotAllowedError: ['denied', 'This page may not use it. Allow the camera and the microphone for this page, in the browser and in the system.'],
  SecurityError: ['denied', 'This page may not use it: its permissions policy, or that of the page around it, forbids it.'],
  NotFoundError: ['not-found', 'There is no such device. Connect a camera or a microphone, or join without.'],
  NotReadableError: ['in-use', 'The device does not answer. Another program may be using it: close that, and try again.'],
  AbortError: ['in-use', 'The device does not answer. Another program may be using it: close that, and try again.'],
  OverconstrainedError: ['constraints', 'No device is as wanted'],
}

/** What getUserMedia gives, or a DeviceError in plain words. */
export async function getMedia(constraints) {
  return fromDevice('getUserMedia', constraints)
}

async function fromDevice(method, constraints) {
  const devices = navigator.mediaDevices
  if (!devices) {
    throw isSecureContext === false
      ? new DeviceError('insecure', 'Browsers give camera and microphone to pages of https: and of localhost only.')
      : new DeviceError('unsupported', 'This browser has no camera and no microphone for pages.')
  }
  if (!devices[method]) throw new DeviceError('unsupported', 'This browser does not share screens.')
  try {
    return await devices[method](constraints)
  } catch (e) {
    const { name, message, constraint } = /** @type {any} */ (e)
    if (method === 'getDisplayMedia' && name === 'NotAllowedError') {
      throw new DeviceError('denied', 'No screen was chosen, or the system does not let the browser share it.', e)
    }
    const [code, words] = DEVICE_ERRORS[name] ?? ['failed', message || String(e)]
    throw new DeviceError(code, code === 'constraints' && constraint ? `${words}: ${constraint}.` : words, e)
  }
}

// ---- events

class Happening extends Event {
  constructor(type, properties) {
    super(type)
    Object.assign(this, properties)
  }
}

function tell(target, type, properties) {
  target.dispatchEvent(new Happening(type, properties))
}

// ---- the room

export class Room extends EventTarget {
  #url
  #options
  #own
  #state = 'connecting'
  #link
  /** Which transport is tried: 'websocket' or 'stream'. */
  #transport
  #failures = 0
  #timer
  #pulse
  #session
  #me
  #rights = new Set()
  #view = { name: '', metadata: {}, locked: false, maxPeers: 0, relayOnly: false }
  #iceServers = []
  /** Who is here: id → Line. */
  #lines = new Map()
  /** What is sent to everybody: { track, stream }. */
  #outgoing = new Set()
  #stream
  #screen
  #muted = { audio: false, video: false }
  // ---- what came
  #seen = 0
  #acked = 0
  #ackTimer
  /** What came between the welcome and when the application may have its listeners. */
  #held
  // ---- what was sent
  #sent = 0
  #confirmed = 0
  /** The last one that this connection is to answer. */
  #asked = 0
  /** Not confirmed: number → { message, resolve, reject }. */
  #outbox = new Map()
  #opening
  #listeners = new AbortController()
  #hub

  static {
    open = (room) => room.#open()
  }

  constructor(url, options, stream, own) {
    super()
    const { room, name = '', metadata = {}, transport = 'auto' } = options
    if (typeof room !== 'string' || !room) throw new TypeError('room: missing (expected: its name)')
    if (!['auto', 'websocket', 'stream'].includes(transport)) {
      throw new TypeError(`transport: ${transport} (expected: auto, websocket or stream)`)
    }
    this.#url = new URL(url, document.baseURI)
    this.#options = options
    this.#own = own
    this.#transport = transport === 'stream' ? 'stream' : 'websocket'
    this.#me = { id: '', name, metadata }
    this.#stream = stream || new MediaStream()
    for (const track of this.#stream.getTracks()) this.#outgoing.add({ track, stream: this.#stream })
    this.#hub = {
      connects: options.connect !== false,
      outgoing: this.#outgoing,
      configuration: () => this.#configuration(),
      isConnected: () => this.#state === 'connected',
      signal: (line, type, payload) => this.#signal(line, type, payload),
      send: (to, data) => this.#request('message', { to, data }),
      report: (error, peer) => tell(this, 'error', { error, peer }),
    }
  }

  /** connecting, waiting, connected, reconnecting or closed. */
  get state() {
    return this.#state
  }

  get me() {
    return this.#me
  }

  get name() {
    return this.#view.name
  }

  get metadata() {
    return this.#view.metadata
  }

  get locked() {
    return this.#view.locked
  }

  get maxPeers() {
    return this.#view.maxPeers
  }

  get relayOnly() {
    return this.#view.relayOnly
  }

  get rights() {
    return this.#rights
  }

  get peers() {
    return new Map([...this.#lines].map(([id, { peer }]) => [id, peer]))
  }

  get stream() {
    return this.#stream
  }

  /** What is shown while a screen is shared. */
  get screen() {
    return this.#screen?.stream
  }

  get muted() {
    return { ...this.#muted }
  }

  get transport() {
    return this.#transport
  }

  // ---- what one does in it

  send(data) {
    return this.#request('message', { data })
  }

  /** @param {{ name?: string, metadata?: object }} changes */
  update({ name, metadata }) {
    this.#me = { ...this.#me, name: name ?? this.#me.name, metadata: metadata ?? this.#me.metadata }
    return this.#request('update', { name, metadata })
  }

  /** Stops to send sound or picture, or begins again, and tells the others. */
  mute(kind, muted = true) {
    if (kind !== 'audio' && kind !== 'video') throw new TypeError(`kind: ${kind} (expected: audio or video)`)
    this.#muted[kind] = Boolean(muted)
    for (const { track } of this.#outgoing) this.#applyMuted(track)
    return this.update({ metadata: { ...this.#me.metadata, muted: this.muted } })
  }

  /** Shows a screen in place of the camera, or beside the sound if there is none. */
  async share(constraints = { video: true }) {
    if (this.#screen) return this.#screen.stream
    const stream = constraints instanceof MediaStream ? constraints : await fromDevice('getDisplayMedia', constraints)
    const [track] = stream.getVideoTracks()
    const camera = [...this.#outgoing].find((slot) => slot.track.kind === 'video')
    this.#screen = { stream, track, slot: camera ?? { track, stream: this.#stream }, camera: camera?.track }
    track.addEventListener('ended', () => this.unshare())
    if (camera) await this.#replace(camera, track)
    else this.#add(this.#screen.slot)
    await this.update({ metadata: { ...this.#me.metadata, sharing: true } })
    return stream
  }

  async unshare() {
    const screen = this.#screen
    if (!screen) return
    this.#screen = undefined
    if (screen.camera) {
      this.#applyMuted(screen.camera)
      await this.#replace(screen.slot, screen.camera)
    } else {
      this.#remove(screen.slot)
    }
    for (const track of screen.stream.getTracks()) track.stop()
    const { sharing, ...metadata } = this.#me.metadata
    await this.update({ metadata })
  }

  /** Other devices, or none: what changes is negotiated only where it must be. */
  async setMedia(media) {
    const own = isConstraints(media) ? await getMedia(media) : undefined
    const stream = own ?? (media || new MediaStream())
    const before = this.#stream
    await this.unshare()
    for (const kind of ['audio', 'video']) {
      const slots = [...this.#outgoing].filter((slot) => slot.stream === before && slot.track.kind === kind)
      for (const track of stream.getTracks().filter((each) => each.kind === kind)) {
        this.#applyMuted(track)
        const slot = slots.shift()
        if (slot) {
          await this.#replace(slot, track)
          slot.stream = stream
        } else {
          this.#add({ track, stream })
        }
      }
      for (const slot of slots) this.#remove(slot)
    }
    this.#stopOwn()
    this.#own = own
    this.#stream = stream
    return stream
  }

  addStream(stream) {
    for (const track of stream.getTracks()) this.#add({ track, stream })
  }

  removeStream(stream) {
    for (const slot of [...this.#outgoing]) if (slot.stream === stream) this.#remove(slot)
  }

  // ---- what owners do

  admit({ id }) {
    return this.#request('admit', { peer: id })
  }

  evict({ id }, reason) {
    return this.#request('evict', { peer: id, reason })
  }

  lock(locked = true) {
    return this.updateRoom({ locked })
  }

  /** @param {{ locked?: boolean, metadata?: object }} changes */
  updateRoom({ locked, metadata }) {
    return this.#request('update-room', { locked, metadata })
  }

  async close() {
    try {
      await this.#request('close-room', {})
    } catch (e) {
      if (e.code !== 'closed') throw e // that is what was asked for
    }
  }

  // ---- the end

  leave() {
    if (this.#state === 'closed') return
    this.#link?.send({ type: 'leave', payload: {} })
    this.#end('left', '')
  }

  /** Breaks the connection to the server and makes another one, after a while. */
  reconnect(ms = 0) {
    if (this.#state === 'closed' || this.#opening) return
    this.#drop()
    this.#setState('reconnecting')
    this.#timer = setTimeout(() => this.#connect(), ms)
  }

  #end(reason, text, error) {
    clearTimeout(this.#timer)
    clearTimeout(this.#ackTimer)
    this.#listeners.abort()
    const link = this.#link
    this.#link = undefined
    link?.close()
    this.#drop()
    for (const line of this.#lines.values()) line.end()
    for (const track of this.#screen?.stream.getTracks() ?? []) track.stop()
    this.#stopOwn()
    const closed = error ?? new SignalError(reason, text || 'The room was left.')
    for (const { reject } of this.#outbox.values()) reject(closed)
    this.#outbox.clear()
    this.#setState('closed')
    const opening = this.#opening
    this.#opening = undefined
    if (opening) opening.reject(closed)
    else tell(this, 'left', { reason, text, error })
  }

  #stopOwn() {
    for (const track of this.#own?.getTracks() ?? []) track.stop()
  }

  #setState(state) {
    if (this.#state === state) return
    this.#state = state
    tell(this, 'state', { state })
  }

  // ---- the connection to the server

  #open() {
    const { signal } = this.#listeners
    addEventListener('online', () => this.#online(), { signal })
    // Not told, the others would see a frozen picture for as long as a peer is kept.
    addEventListener('pagehide', ({ persisted }) => persisted || this.leave(), { signal })
    return new Promise((resolve, reject) => {
      this.#opening = { resolve, reject }
      this.#connect()
    })
  }

  async #connect() {
    clearTimeout(this.#timer)
    const first = await this.#first()
    if (!first || this.#state === 'closed' || this.#link) return
    const Link = this.#transport === 'stream' ? StreamLink : SocketLink
    const link = new Link(this.#url, first, {
      message: (message) => link === this.#link && this.#receive(message),
      heard: () => link === this.#link && this.#hear(),
      closed: (code) => link === this.#link && this.#broken(code),
    })
    this.#link = link
    this.#pulse = setTimeout(() => this.#broken(), OPEN_MS)
    try {
      link.open()
    } catch (e) {
      this.#end('unreachable', e.message, e) // an address that this page may not use
    }
  }

  /** The first message of a connection. */
  async #first() {
    if (this.#session) return { type: 'resume', payload: { session: this.#session, seen: this.#seen } }
    const { room, token } = this.#options
    const { name, metadata } = this.#me
    try {
      // A function, as a token that was used once may be refused the second time.
      return { type: 'join', payload: { room, name, metadata, token: typeof token === 'function' ? await token() : token } }
    } catch (e) {
      this.#end('refused', 'There is no token.', e)
      return undefined
    }
  }

  #online() {
    if (this.#state === 'connected') {
      this.reconnect() // the old connection may be one of another network, and nobody would say so
    } else if (this.#state === 'waiting' || (this.#state === 'reconnecting' && !this.#link)) {
      this.#drop()
      this.#failures = 0
      this.#connect()
    }
  }

  /** A server that does not answer is not there; whatever comes from it says that it is. */
  #hear() {
    clearTimeout(this.#pulse)
    this.#pulse = undefined
    if (this.#transport === 'stream') this.#pulse = setTimeout(() => this.#broken(), STREAM_SILENCE_MS)
    else this.#expect()
  }

  #expect() {
    if (this.#asked > this.#confirmed) this.#pulse ??= setTimeout(() => this.#broken(), ANSWER_MS)
  }

  /** Who waits says nothing, and would not notice that the server is gone. */
  #probe() {
    const link = this.#link
    this.#timer = setTimeout(() => {
      if (this.#state !== 'waiting' || link !== this.#link || this.#transport === 'stream') return
      this.#tell({ type: 'ack', payload: { seq: 0 }, id: ++this.#sent })
      this.#probe()
    }, PROBE_MS)
  }

  #tell(message) {
    this.#link.send(message)
    if (message.id === undefined) return
    this.#asked = Math.max(this.#asked, message.id)
    this.#expect()
  }

  /** Forgets the connection; what it still says counts no more. */
  #drop() {
    clearTimeout(this.#pulse)
    this.#pulse = undefined
    clearTimeout(this.#ackTimer)
    this.#ackTimer = undefined
    const link = this.#link
    this.#link = undefined
    link?.close()
  }

  /** @param {number} [code] */
  #broken(code) {
    this.#drop()
    if (code === LEFT) return this.#end('closed', 'The server closed the room.')
    if (code === REPLACED) return this.#end('replaced', 'Another connection took over.')
    this.#failures++
    // Some networks let nothing but plain HTTP through.
    if (this.#options.transport !== 'websocket' && this.#options.transport !== 'stream' && this.#failures >= 2) {
      this.#transport = this.#transport === 'stream' ? 'websocket' : 'stream'
    }
    if (this.#opening && this.#state !== 'waiting' && this.#failures > 3) {
      return this.#end('unreachable', 'The server does not answer.', new SignalError('unreachable', 'The server does not answer.'))
    }
    if (!this.#opening) this.#setState('reconnecting')
    // Full jitter: those who lost their connection together do not come back together.
    const pause = Math.random() * Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#failures - 1))
    this.#timer = setTimeout(() => this.#connect(), pause)
  }

  /** The server does not want the first message of a connection. */
  #refused({ code, message }) {
    this.#drop()
    if (code === 'unknown_session') {
      // The server has forgotten this peer: it comes as a new one.
      this.#session = undefined
      this.#connect()
    } else if (!this.#opening && (code === 'failed' || code === 'too_many')) {
      this.#broken()
    } else {
      this.#end('refused', message, new SignalError(code, message))
    }
  }

  // ---- what the server says

  #receive(message) {
    this.#hear()
    if (this.#held) this.#held.push(message)
    else this.#handle(message)
  }

  /** @param {{ type: string, payload: any, id?: number, seq?: number }} message */
  #handle({ type, payload = {}, id, seq }) {
    if (seq !== undefined && type !== 'welcome') {
      if (seq <= this.#seen) return // it came before the connection broke
      if (seq > this.#seen + 1) return this.#broken() // one is missing: the server tells again what followed `seen`
      this.#seen = seq
      this.#acknowledge()
    }
    const line = this.#lines.get(payload.from)
    switch (type) {
      case 'welcome':
        this.#welcome(payload)
        break
      case 'waiting':
        this.#setState('waiting')
        this.#probe()
        this.#options.onWaiting?.(this)
        tell(this, 'waiting')
        break
      case 'reply':
        this.#confirm(id)
        break
      case 'error':
        this.#error(payload, id)
        break
      case 'peer-joined':
        this.#enter(payload.peer)
        break
      case 'peer-updated':
        this.#update(payload.peer)
        break
      case 'peer-left':
        this.#exit(payload.peer, payload.reason)
        break
      case 'room-updated':
        this.#view = payload.room
        tell(this, 'room-updated')
        break
      case 'offer':
        line?.offered(payload)
        break
      case 'answer':
        line?.answered(payload)
        break
      case 'candidate':
        line?.found(payload)
        break
      case 'restart':
        line?.asked()
        break
      case 'message':
        tell(this, 'message', { peer: line?.peer ?? null, data: payload.data })
        if (line) tell(line.peer, 'message', { data: payload.data })
        break
      case 'knock':
        tell(this, 'knock', { peer: { id: payload.peer, name: payload.name, metadata: payload.metadata } })
        break
      case 'knock-ended':
        tell(this, 'knock-ended', { peer: { id: payload.peer } })
        break
      case 'ice-servers-changed':
        this.#iceServers = payload.iceServers
        for (const each of this.#lines.values()) each.configure()
        break
      case 'ping':
        this.#ack() // the server wants to know whether anybody is here
        break
      case 'left':
        this.#end(payload.reason, payload.text)
        break
      // A type that this version does not know is none that it needs.
    }
  }

  #welcome({ peer, session, resumed, seq, rights, room, peers, iceServers }) {
    const again = this.#me.id === peer
    this.#session = session
    this.#failures = 0
    this.#asked = 0
    this.#me = { ...this.#me, id: peer }
    this.#rights = new Set(rights)
    this.#view = room
    this.#iceServers = iceServers
    // Before anybody hears of it, and says something else: all that waits comes first, and once.
    for (const { message } of this.#outbox.values()) this.#tell(message)
    this.#setState('connected')
    if (again) for (const line of this.#lines.values()) line.configure()
    if (resumed && again) {
      for (const line of this.#lines.values()) if (line.sent > this.#confirmed) line.renegotiate()
    } else {
      this.#seen = seq
      this.#acked = seq
      this.#snapshot(peers, again)
    }
    const opening = this.#opening
    if (!opening) return
    this.#opening = undefined
    // First the application's listeners, then the events. `await join()` goes on in a microtask, this is a task.
    this.#held = []
    opening.resolve(this)
    setTimeout(() => {
      if (this.#state === 'closed') return
      for (const { peer: each } of this.#lines.values()) tell(this, 'peer', { peer: each })
      const held = this.#held ?? []
      this.#held = undefined
      for (const message of held) if (this.#state !== 'closed') this.#handle(message)
    })
  }

  /** All that was known is void. */
  #snapshot(peers, again) {
    const here = new Map(peers.map((view) => [view.id, view]))
    for (const id of [...this.#lines.keys()]) if (!again || !here.has(id)) this.#exit(id, 'lost')
    for (const view of here.values()) {
      const line = this.#lines.get(view.id)
      if (line) {
        this.#update(view)
        line.renegotiate()
      } else {
        // Who came while this peer was away has made an offer that is lost.
        this.#enter(view, again)
      }
    }
  }

  #enter(view, calls = false) {
    const line = new Line(view, this.#hub)
    this.#lines.set(view.id, line)
    if (!this.#opening) tell(this, 'peer', { peer: line.peer })
    if (this.#hub.connects && this.#rights.has('call') && (view.polite || calls)) line.call()
  }

  #update(view) {
    if (view.id === this.#me.id) {
      if (view.owner !== this.#rights.has('own')) {
        // A room whose owner left has another one.
        this.#rights = new Set(view.owner ? [...this.#rights, 'own'] : [...this.#rights].filter((right) => right !== 'own'))
        tell(this, 'room-updated')
      }
      return
    }
    const line = this.#lines.get(view.id)
    if (!line) return
    line.view = { ...view, polite: line.view.polite }
    tell(line.peer, 'updated')
    tell(this, 'peer-updated', { peer: line.peer })
  }

  #exit(id, reason) {
    const line = this.#lines.get(id)
    if (!line) return
    this.#lines.delete(id)
    line.end()
    tell(line.peer, 'left', { reason })
    tell(this, 'peer-left', { peer: line.peer, reason })
  }

  #error({ code, message }, id) {
    if (this.#opening || code === 'unknown_session' || this.#state === 'reconnecting') {
      this.#refused({ code, message })
      return
    }
    const error = new SignalError(code, message)
    const request = this.#outbox.get(id)
    if (id !== undefined) this.#confirm(id)
    request?.reject(error)
    // A signal for who has just left: the news is on its way.
    if (code !== 'unknown_peer' || request) tell(this, 'error', { error })
  }

  #acknowledge() {
    if (this.#seen - this.#acked >= ACK_MESSAGES) this.#ack()
    else this.#ackTimer ??= setTimeout(() => this.#ack(), ACK_MS)
  }

  #ack() {
    clearTimeout(this.#ackTimer)
    this.#ackTimer = undefined
    this.#acked = this.#seen
    this.#link?.send({ type: 'ack', payload: { seq: this.#seen } })
  }

  // ---- what the server is told

  /** One that must arrive: it is sent again if it may have been lost, and so may arrive twice. */
  #request(type, payload) {
    const promise = new Promise((resolve, reject) => {
      if (this.#state === 'closed') {
        reject(new SignalError('closed', 'The room was left.'))
      } else if (this.#outbox.size >= MAX_WAITING) {
        reject(new SignalError('too_many', `${MAX_WAITING} messages wait for the server already.`))
      } else {
        const id = ++this.#sent
        const message = { type, payload, id }
        this.#outbox.set(id, { message, resolve, reject })
        if (this.#state === 'connected') this.#tell(message)
      }
    })
    promise.catch(() => {}) // who does not wait for it hears of a refusal by the event `error`
    return promise
  }

  /** One that is worth something now or never. */
  #signal(line, type, payload) {
    const id = ++this.#sent
    line.sent = id
    if (this.#state !== 'connected') return
    // The server handles messages in order, so the answer to one is that to all before it: candidates need none.
    const asks = type !== 'candidate' || payload.candidate === ''
    this.#tell({ type, payload: { to: line.view.id, ...payload }, ...(asks && { id }) })
  }

  #confirm(id) {
    this.#confirmed = Math.max(this.#confirmed, id)
    this.#hear()
    this.#outbox.get(id)?.resolve()
    this.#outbox.delete(id)
  }

  // ---- what is sent to the others

  #configuration() {
    const { configuration = {} } = this.#options
    return {
      bundlePolicy: 'max-bundle',
      ...configuration,
      iceServers: [...this.#iceServers, ...(configuration.iceServers ?? [])],
      ...(this.#view.relayOnly && { iceTransportPolicy: 'relay' }),
    }
  }

  /** A screen that is shared stays: it was chosen by itself. */
  #applyMuted(track) {
    if (track !== this.#screen?.track) track.enabled = !this.#muted[track.kind]
  }

  #add(slot) {
    this.#applyMuted(slot.track)
    this.#outgoing.add(slot)
    for (const line of this.#lines.values()) line.add(slot)
  }

  #remove(slot) {
    this.#outgoing.delete(slot)
    for (const line of this.#lines.values()) line.remove(slot)
  }

  #replace(slot, track) {
    slot.track = track
    return Promise.all([...this.#lines.values()].map((line) => line.replace(slot)))
  }
}

// ---- the others

/** Another one in the room. */
export class Peer extends EventTarget {
  #line
  #video

  constructor(line) {
    super()
    this.#line = line
  }

  get id() {
    return this.#line.view.id
  }

  get name() {
    return this.#line.view.name
  }

  get metadata() {
    return this.#line.view.metadata
  }

  get owner() {
    return this.#line.view.owner
  }

  /** Whether this side gives way to it. */
  get polite() {
    return this.#line.view.polite
  }

  get muted() {
    return { audio: false, video: false, ...this.metadata.muted }
  }

  get connection() {
    return this.#line.connection
  }

  get state() {
    return this.#line.state
  }

  /** What it sends, camera and microphone first. */
  get streams() {
    return [...this.#line.streams]
  }

  get stream() {
    return this.streams[0] ?? null
  }

  /** An element that shows it. */
  get video() {
    if (!this.#video) {
      const video = document.createElement('video')
      video.autoplay = true
      video.playsInline = true
      const show = () => {
        if (video.srcObject !== this.stream) video.srcObject = this.stream
      }
      this.addEventListener('stream', show)
      this.#video = video
      show()
    }
    return this.#video
  }

  send(data) {
    return this.#line.send(data)
  }

  open(label, options) {
    return this.connection.createDataChannel(label, options)
  }

  call() {
    this.#line.call()
  }

  restart() {
    this.#line.restart()
  }
}

/** The connection to one other: perfect negotiation, and repair. */
class Line {
  view
  peer
  streams = new Set()
  /** The number of the last signal for it. */
  sent = 0
  #hub
  #pc
  /** Whether there was a connection before. */
  #made = false
  #ended = false
  /** slot → RTCRtpSender */
  #senders = new Map()
  #generation = 0
  /** Waits for the first offer, as who came later makes it. */
  #waits
  #needed = false
  #makingOffer = false
  #settingAnswer = false
  #ignoring = false
  #restarting = false
  #offers = 0
  /** The session id of the other's connection (RFC 8866 section 5.2): with another one, it is another connection. */
  #origin
  #timer
  #repairs = 0

  constructor(view, hub) {
    this.view = view
    this.#hub = hub
    this.#waits = hub.connects && !view.polite
    this.peer = new Peer(this)
  }

  get connection() {
    if (!this.#pc) this.#make()
    return this.#pc
  }

  get state() {
    return this.#ended ? 'closed' : (this.#pc?.connectionState ?? 'new')
  }

  #make() {
    const pc = new RTCPeerConnection(this.#hub.configuration())
    this.#pc = pc
    const on = (type, handle) => pc.addEventListener(type, (event) => pc === this.#pc && handle(event))
    on('negotiationneeded', () => this.#offer())
    on('icecandidate', ({ candidate }) => this.#tellCandidate(candidate))
    on('track', (event) => this.#receive(event))
    on('datachannel', ({ channel }) => tell(this.peer, 'channel', { channel }))
    on('signalingstatechange', () => {
      if (pc.signalingState === 'stable') this.#mend()
      this.#watch()
    })
    on('connectionstatechange', () => {
      tell(this.peer, 'state', { state: pc.connectionState })
      this.#watch()
    })
    pc.createDataChannel('', GROUND)
    for (const slot of this.#hub.outgoing) this.add(slot)
    if (this.#ended) pc.close()
    else if (this.#made) tell(this.peer, 'connection', { connection: pc })
    this.#made = true
  }

  /** Makes the connection, without waiting for the other. */
  call() {
    this.#waits = false
    if (!this.#pc) this.#make()
    else if (this.#needed && this.#pc.signalingState === 'stable') this.#offer()
    this.#watch()
  }

  configure() {
    this.#pc?.setConfiguration(this.#hub.configuration())
  }

  send(data) {
    return this.#hub.send(this.view.id, data)
  }

  end() {
    this.#ended = true
    clearTimeout(this.#timer)
    this.#pc?.close()
  }

  // ---- media

  add(slot) {
    if (!this.#pc || this.#ended) return
    // addTrack takes no sender that has sent before: descriptions would become longer with each change, for good. The place
    // of one that is stopped is taken again. (setStreams would do, too, but Chromium forgets what it says.)
    for (const each of this.#pc.getTransceivers()) {
      const isIdle = each.currentDirection === 'inactive' && !each.sender.track
      if (isIdle && each.direction !== 'stopped') each.stop()
    }
    this.#senders.set(slot, this.#pc.addTrack(slot.track, slot.stream))
  }

  /** The other may have stopped what this side has just begun to use. */
  #mend() {
    const transceivers = this.#pc.getTransceivers().filter(({ direction }) => direction !== 'stopped')
    const senders = new Set(transceivers.map(({ sender }) => sender))
    for (const [slot, sender] of [...this.#senders]) if (!senders.has(sender)) this.add(slot)
  }

  remove(slot) {
    const sender = this.#senders.get(slot)
    this.#senders.delete(slot)
    if (sender && !this.#ended) this.#pc.removeTrack(sender)
  }

  async replace(slot) {
    if (!this.#ended) await this.#senders.get(slot)?.replaceTrack(slot.track)
  }

  #receive({ track, streams, transceiver }) {
    const stream = streams[0] ?? new MediaStream([track])
    const isNew = !this.streams.has(stream)
    this.streams.add(stream)
    if (isNew) {
      stream.addEventListener('removetrack', () => {
        if (stream.getTracks().length === 0 && this.streams.delete(stream)) tell(this.peer, 'stream', { stream: this.peer.stream })
      })
    }
    tell(this.peer, 'track', { track, stream, transceiver })
    if (isNew) tell(this.peer, 'stream', { stream })
  }

  // ---- perfect negotiation

  #signal(type, payload) {
    if (!this.#ended) this.#hub.signal(this, type, payload)
  }

  async #offer() {
    this.#needed = this.#waits
    if (this.#waits) return
    const pc = this.#pc
    const generation = this.#generation
    this.#makingOffer = true
    try {
      await pc.setLocalDescription()
      if (pc === this.#pc) this.#signal(pc.localDescription.type, { sdp: pc.localDescription.sdp, generation })
    } catch (e) {
      this.#report(pc, e)
    } finally {
      if (pc === this.#pc) this.#makingOffer = false
    }
  }

  async offered({ sdp, generation }) {
    if (generation < this.#generation) return // ours is newer: when it gets there, it takes that
    this.#waits = false
    const isNewer = generation > this.#generation
    const origin = originOf(sdp)
    if (this.#origin !== undefined && origin !== this.#origin) this.#forget()
    const pc = this.connection
    const isReady = !this.#makingOffer && (pc.signalingState === 'stable' || this.#settingAnswer)
    this.#ignoring = !isReady && !isNewer && !this.view.polite
    if (this.#ignoring) return
    this.#generation = generation
    this.#origin = origin
    const turn = ++this.#offers
    try {
      await pc.setRemoteDescription({ type: 'offer', sdp })
      if (turn !== this.#offers || pc !== this.#pc) return // another one came meanwhile
      await pc.setLocalDescription()
      if (pc === this.#pc) this.#signal('answer', { sdp: pc.localDescription.sdp, generation })
    } catch (e) {
      this.#report(pc, e)
    }
  }

  async answered({ sdp, generation }) {
    const pc = this.#pc
    if (!pc || generation !== this.#generation || pc.signalingState !== 'have-local-offer') return // to an offer that is void
    this.#settingAnswer = true
    this.#origin = originOf(sdp)
    try {
      await pc.setRemoteDescription({ type: 'answer', sdp })
      this.#restarting = false
    } catch (e) {
      this.#report(pc, e)
    } finally {
      if (pc === this.#pc) this.#settingAnswer = false
    }
  }

  async found({ candidate, sdpMid = null, sdpMLineIndex = null, usernameFragment = null, generation }) {
    const pc = this.#pc
    if (!pc || generation !== this.#generation) return
    try {
      await pc.addIceCandidate({ candidate, sdpMid, sdpMLineIndex, usernameFragment })
    } catch (e) {
      // Of an offer that was ignored, or of a description that was rolled back.
      const isOfNow = pc.remoteDescription?.sdp.includes(`a=ice-ufrag:${usernameFragment ?? ''}`)
      if (!this.#ignoring && isOfNow) this.#report(pc, e)
    }
  }

  #tellCandidate(candidate) {
    const { candidate: line = '', sdpMid, sdpMLineIndex, usernameFragment } = candidate ?? {}
    const payload = { candidate: line, sdpMid, sdpMLineIndex, usernameFragment, generation: this.#generation }
    // Browsers differ in how they say that there are no more; the server and the other browser are told once.
    if (candidate && !line) return
    if (!candidate) payload.usernameFragment = fragmentOf(this.#pc.localDescription?.sdp)
    this.#signal('candidate', payload)
  }

  #report(pc, error) {
    if (pc === this.#pc && !this.#ended) this.#hub.report(error, this.peer)
  }

  // ---- repair

  /** The connection should be made, and the two should agree. If not, it is repaired after a while. */
  #watch() {
    const { connectionState, signalingState } = this.#pc
    if (this.#ended || (connectionState === 'connected' && signalingState === 'stable')) {
      clearTimeout(this.#timer)
      this.#timer = undefined
      this.#repairs = 0
      this.#restarting = false
    } else if (connectionState === 'failed') {
      // At once; then in ever longer intervals, as it may fail again at once, too.
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => this.#repair(), this.#repairs === 0 ? 0 : Math.min(1000 * 2 ** this.#repairs, REPAIR_MS))
    } else if (!this.#waits) {
      this.#timer ??= setTimeout(() => this.#repair(), REPAIR_MS)
    }
  }

  #repair() {
    this.#timer = undefined
    if (!this.#hub.isConnected()) {
      // Nobody can be told. When the server is back, there may be nothing to repair.
      this.#timer = setTimeout(() => this.#repair(), REPAIR_MS)
    } else if (this.#pc.connectionState === 'connected' && this.#pc.signalingState === 'stable') {
      this.#repairs = 0
    } else if (++this.#repairs > ICE_RESTARTS) {
      // What an ICE restart does not mend, such as DTLS.
      this.#forget()
      this.#generation++
      this.#make()
      this.#watch()
    } else {
      this.#restarting = false
      this.restart()
      this.#watch()
    }
  }

  restart() {
    if (!this.#pc) this.call()
    else if (this.view.polite) this.#signal('restart', {})
    else this.renegotiate()
  }

  /** The other asks for a restart. */
  asked() {
    if (!this.#pc) this.call()
    else if (!this.#restarting) this.renegotiate()
  }

  /** Begins again with ICE. What was under way is void. */
  async renegotiate() {
    const pc = this.#pc
    if (!pc || this.#ended || this.#waits) return
    this.#generation++
    this.#restarting = true
    try {
      pc.restartIce()
      // The offer may be lost, and its answer with it: then another one must do.
      if (pc.signalingState === 'have-local-offer') await pc.setLocalDescription({ type: 'rollback' })
    } catch (e) {
      this.#report(pc, e)
    }
  }

  #forget() {
    this.#pc.close()
    this.#pc = undefined
    this.#origin = undefined
    this.#senders.clear()
    this.streams.clear()
    this.#makingOffer = false
    this.#settingAnswer = false
    this.#restarting = false
    this.#offers++
  }
}

function originOf(sdp) {
  return /^o=\S+ (\S+)/m.exec(sdp)?.[1]
}

function fragmentOf(sdp) {
  return /^a=ice-ufrag:(\S+)/m.exec(sdp ?? '')?.[1]
}

// ---- how messages get there

class SocketLink {
  #url
  #first
  #to
  #socket

  constructor(url, first, to) {
    this.#url = new URL(url)
    this.#url.protocol = this.#url.protocol.replace(/^http/, 'ws')
    this.#first = first
    this.#to = to
  }

  open() {
    const socket = new WebSocket(this.#url)
    this.#socket = socket
    socket.addEventListener('open', () => this.send(this.#first))
    socket.addEventListener('message', ({ data }) => this.#to.message(JSON.parse(data)))
    socket.addEventListener('close', ({ code }) => this.#to.closed(code))
  }

  send(message) {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message))
  }

  close() {
    this.#socket?.close()
  }
}

/** Where WebSocket is blocked: the first message is a POST that is answered by an event stream, each further one a POST. */
class StreamLink {
  #url
  #first
  #to
  #session
  #abort = new AbortController()
  #isLeaving = false
  /** One request after the other, as order counts. */
  #posts = Promise.resolve()

  constructor(url, first, to) {
    this.#url = new URL(url)
    this.#url.protocol = this.#url.protocol.replace(/^ws/, 'http')
    this.#first = first
    this.#to = to
  }

  async open() {
    try {
      const response = await this.#post(this.#first, { Accept: 'text/event-stream' }, { signal: this.#abort.signal })
      if (response.ok) await this.#listen(response.body)
    } catch {
      // The network, or close() was called: either way, it is over.
    }
    this.#to.closed()
  }

  async #listen(body) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader()
    let rest = ''
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      this.#to.heard()
      const lines = (rest + value).split(/\r\n|\n|\r(?!$)/)
      rest = lines.pop()
      // Each message is one line of JSON, so there is one line of data in an event; its number is in the message.
      for (const line of lines) {
        if (!line.startsWith('data:')) continue
        const message = JSON.parse(line.slice(5))
        if (message.type === 'welcome') this.#session = message.payload.session
        this.#to.message(message)
      }
    }
  }

  send(message) {
    // What is said last must be sent even if the page is gone by then, and heard before the stream ends.
    this.#isLeaving = message.type === 'leave'
    const options = this.#isLeaving ? { keepalive: true } : { signal: this.#abort.signal }
    this.#posts = this.#posts.then(async () => {
      try {
        const response = await this.#post(message, { 'Parley-Session': this.#session }, options)
        if (!response.ok) this.#to.closed() // the stream is gone: that is what answers
      } catch {
        this.#to.closed()
      }
    })
  }

  #post(message, headers, options) {
    return fetch(this.#url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(message),
      cache: 'no-store',
      ...options,
    })
  }

  close() {
    if (this.#isLeaving) this.#posts.then(() => this.#abort.abort())
    else this.#abort.abort()
  }
}
