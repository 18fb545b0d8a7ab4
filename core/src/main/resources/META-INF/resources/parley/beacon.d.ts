/** Why a message was not sent. */
export type LostReason =
  /** It does not fit into an envelope by itself. */
  | 'too-large'
  /** It made way for newer ones: more waited than may. */
  | 'overflow'
  /** The server refused its envelope, with a status that will not change. */
  | 'refused'
  /** The server does not collect any more (410), or `close` was called before. */
  | 'stopped'

export interface Lost {
  /** Its number, which the server never hears of. */
  readonly number: number
  readonly reason: LostReason
  /** What was to be sent, as JSON holds it. */
  readonly message: unknown
}

export interface Options {
  /** How long messages wait for others, in ms: 0 to 60,000, by default 2,000. Those of a hidden page do not wait. */
  delay?: number
  /** How large an envelope may be, in bytes of UTF-8: 1,024 to 61,440, which is the default. */
  maxBytes?: number
  /** How many bytes may wait, 100 for each message beside its JSON: `maxBytes` to 64 MiB, by default 1 MiB. */
  maxQueuedBytes?: number
  /** Called for each message that is lost and known to be. */
  onLost?: (lost: Lost) => void
}

export interface Beacons {
  /** The name that this page made up for itself: 32 hexadecimal digits. */
  readonly page: string
  /** Whether nothing is sent any more: the server answered 410, or `close` was called. */
  readonly stopped: boolean
  /**
   * Takes a message, to be sent soon.
   *
   * @returns its number: 1 for the first, and one more for each
   * @throws {TypeError} where JSON can't hold it
   */
  send(message: unknown): number
  /** Sends what waits, now; not before the time that the server told with `Retry-After`. */
  flush(): void
  /** Sends what waits, and takes no more. */
  close(): void
}

/**
 * Begins to collect messages for a BeaconCollector.
 *
 * @param url its address, relative to the page
 * @throws {TypeError} where that is no address
 * @throws {RangeError} where an option is out of its range
 */
export function collect(url: string | URL, options?: Options): Beacons
