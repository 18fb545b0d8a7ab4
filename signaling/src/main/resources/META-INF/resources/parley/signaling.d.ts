/** What a peer says of itself, or an owner of the room: a JSON object. `muted` and `sharing` are this module's. */
export type Metadata = Record<string, unknown>

export type State =
  /** On its way into the room. */
  | 'connecting'
  /** In front of the door, until an owner lets it in. */
  | 'waiting'
  | 'connected'
  /** The server is away. Calls go on meanwhile; the module comes back by itself. */
  | 'reconnecting'
  /** The end: left, sent away, closed, replaced or refused. */
  | 'closed'

/** Why one is not in the room any more. */
export type LeaveReason = 'left' | 'lost' | 'evicted' | 'closed'

export interface Options {
  /** The name of the room: 1 to 128 characters. */
  room: string
  /** One's own name for the others to see, up to 64 characters. */
  name?: string
  /** What else the others may know. */
  metadata?: Metadata
  /** What the server's policy wants to see. A function is asked each time; a token that counts once needs one. */
  token?: string | (() => string | Promise<string>)
  /** What to send: constraints for `getMedia`, whose devices are released in the end, or a stream, which is left alone; by default nothing. */
  media?: MediaStreamConstraints | MediaStream | false
  /** `auto`, the default, takes an event stream and POST where two WebSockets in a row can't be opened but the server answers. */
  transport?: 'auto' | 'websocket' | 'stream'
  /** Whether to connect to everybody in the room, which is the default. Without, `peer.call()` and `peer.open()` do. */
  connect?: boolean
  /** For each `RTCPeerConnection`. Its ICE servers are used beside those of the server. */
  configuration?: RTCConfiguration
  /** Called where one has to wait until an owner lets one in: `join` resolves when one is in. */
  onWaiting?: (room: Room) => void
  /** Gives up, or leaves. It counts until `join` is done. */
  signal?: AbortSignal
}

export interface RoomEvents {
  /** Somebody is in the room: those who were there when one came, and who comes later. */
  peer: Event & { readonly peer: Peer }
  'peer-left': Event & { readonly peer: Peer; readonly reason: LeaveReason }
  /** Name or metadata of another are different. */
  'peer-updated': Event & { readonly peer: Peer }
  /** Metadata or lock of the room, or one's own rights, are different. */
  'room-updated': Event
  /** For owners: somebody wants to be let in, by `admit` or `evict`. */
  knock: Event & { readonly peer: Knocking }
  /** For owners: somebody does not knock any more. */
  'knock-ended': Event & { readonly peer: { readonly id: string } }
  /** Of another, or of the server (`null`). */
  message: Event & { readonly peer: Peer | null; readonly data: unknown }
  waiting: Event
  state: Event & { readonly state: State }
  /** The end. `error` says why, where the server refused one who came back. */
  left: Event & {
    readonly reason: LeaveReason | 'replaced' | 'refused' | 'unreachable'
    readonly text: string
    readonly error?: unknown
  }
  /** What was refused, or failed. Beside what a method's promise says. */
  error: Event & { readonly error: unknown; readonly peer?: Peer }
}

export interface PeerEvents {
  track: Event & { readonly track: MediaStreamTrack; readonly stream: MediaStream; readonly transceiver: RTCRtpTransceiver }
  /** `stream` is another one than before. */
  stream: Event & { readonly stream: MediaStream | null }
  /** It has opened a data channel. */
  channel: Event & { readonly channel: RTCDataChannel }
  state: Event & { readonly state: RTCPeerConnectionState }
  /** There is another connection, as the one before failed for good: data channels have to be opened again. */
  connection: Event & { readonly connection: RTCPeerConnection }
  message: Event & { readonly data: unknown }
  updated: Event
  left: Event & { readonly reason: LeaveReason }
}

/** Who wants to be let in. */
export interface Knocking {
  readonly id: string
  readonly name: string
  readonly metadata: Metadata
}

export interface Muted {
  audio: boolean
  video: boolean
}

/**
 * A room that one is in. Methods that ask the server return when it has done what they ask; where it refuses, they reject with a
 * `SignalError`, and there is an `error` event. What they ask while the server is away waits, 256 at most, and may arrive twice.
 */
export interface Room extends EventTarget {
  readonly state: State
  /** One's own id, name and metadata. */
  readonly me: { readonly id: string; readonly name: string; readonly metadata: Metadata }
  readonly name: string
  readonly metadata: Metadata
  readonly locked: boolean
  readonly maxPeers: number
  /** Whether media goes through TURN servers only. */
  readonly relayOnly: boolean
  readonly rights: ReadonlySet<'call' | 'message' | 'own'>
  /** All others, by id. A copy. */
  readonly peers: Map<string, Peer>
  /** What is sent; without tracks if nothing is. */
  readonly stream: MediaStream
  /** The screen that is shared. */
  readonly screen: MediaStream | undefined
  readonly muted: Muted
  readonly transport: 'websocket' | 'stream'

  /** Sends any JSON to all others, through the server. */
  send(data: unknown): Promise<void>
  /** Says something new of oneself. What is missing stays. */
  update(changes: { name?: string; metadata?: Metadata }): Promise<void>
  /** Sends silence, or black, and says so in the metadata (`muted`). */
  mute(kind: 'audio' | 'video', muted?: boolean): Promise<void>
  /** Shows a screen in place of the camera, and says so in the metadata (`sharing`). */
  share(constraints?: DisplayMediaStreamOptions | MediaStream): Promise<MediaStream>
  unshare(): Promise<void>
  /** Other devices, another stream, or nothing. */
  setMedia(media: MediaStreamConstraints | MediaStream | false): Promise<MediaStream>
  /** Sends one more stream to everybody. */
  addStream(stream: MediaStream): void
  removeStream(stream: MediaStream): void

  /** Owners: lets in who knocks. */
  admit(peer: { id: string }): Promise<void>
  /** Owners: sends away, or doesn't let in. */
  evict(peer: { id: string }, reason?: string): Promise<void>
  /** Owners: lets nobody else in. */
  lock(locked?: boolean): Promise<void>
  /** Owners: says something new of the room. */
  updateRoom(changes: { locked?: boolean; metadata?: Metadata }): Promise<void>
  /** Owners: sends everybody away. */
  close(): Promise<void>

  leave(): void
  /** Makes another connection to the server, after so many ms. Calls go on. */
  reconnect(ms?: number): void

  addEventListener<K extends keyof RoomEvents>(
    type: K,
    listener: (this: Room, event: RoomEvents[K]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void
  addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void
}

/** Another one in the room. */
export interface Peer extends EventTarget {
  readonly id: string
  readonly name: string
  readonly metadata: Metadata
  readonly owner: boolean
  /** Whether this side gives way to it: the one that came later does. */
  readonly polite: boolean
  /** What it says of itself in its metadata. */
  readonly muted: Muted
  /** The connection to it, made when it is first asked for. After a failure that can't be mended it is another one (event `connection`). */
  readonly connection: RTCPeerConnection
  readonly state: RTCPeerConnectionState
  readonly streams: MediaStream[]
  /** The first of its streams. */
  readonly stream: MediaStream | null
  /** An element that shows `stream`, whichever it is. Always the same element. */
  readonly video: HTMLVideoElement

  /** Sends any JSON to it, through the server. */
  send(data: unknown): Promise<void>
  /** Opens a data channel: the other hears of it by `channel`, or opens it too, where it is negotiated with an id of 1 or more. */
  open(label: string, options?: RTCDataChannelInit): RTCDataChannel
  /** Connects to it without waiting for its offer. */
  call(): void
  /** Looks for another way to it: an ICE restart. Where a connection fails, that comes by itself. */
  restart(): void

  addEventListener<K extends keyof PeerEvents>(
    type: K,
    listener: (this: Peer, event: PeerEvents[K]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void
  addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void
}

/** The server refused something (`code` as in the protocol), or: unreachable, closed, left, evicted, replaced. */
export declare class SignalError extends Error {
  readonly code: string
}

/** There is no picture, or no sound; `message` says why in words for people. `cause` is what the browser said. */
export declare class DeviceError extends Error {
  readonly code: 'denied' | 'not-found' | 'in-use' | 'constraints' | 'insecure' | 'unsupported' | 'failed'
}

/**
 * Joins a room.
 *
 * @param url of the endpoint, relative to the page: `http:`, `https:`, `ws:` or `wss:`
 * @returns the room, when one is in it. Events come later than that
 * @throws {DeviceError} where there is no camera or microphone as wanted: join without, then
 * @throws {SignalError} where the server refuses, or does not answer
 */
export function join(url: string | URL, options: Options): Promise<Room>

/**
 * What `navigator.mediaDevices.getUserMedia` gives.
 *
 * @throws {DeviceError} where that is nothing
 */
export function getMedia(constraints: MediaStreamConstraints): Promise<MediaStream>
