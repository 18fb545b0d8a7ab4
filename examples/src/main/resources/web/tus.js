// A client of tus 1.0.0: sends a file so that it can be paused and go on, even after the page was loaded again.

const TUS = { 'Tus-Resumable': '1.0.0' }
const PATIENCE = 30_000 // milliseconds that the server may be silent, before `timeout`

/** A request did not end with an answer: `type` is abort, error or timeout. */
class Stopped extends Error {
  constructor(type, message) {
    super(message)
    this.type = type
  }
}

function base64(text) {
  return btoa(String.fromCodePoint(...new TextEncoder().encode(text)))
}

/**
 * One file on its way. It tells how far it is by the seven events of XMLHttpRequest, for the file as a whole and not for each
 * request: `loadstart` when it begins or goes on, `progress`, one of `load`, `abort`, `error` and `timeout`, then `loadend`. And by
 * `created`, when it has an address, by which any page can go on with it.
 */
export class TusUpload extends EventTarget {
  #file
  #pace
  #running = false
  #stop = () => {}

  /** Bytes that are sent. */
  loaded = 0
  /** What the server said when it was complete. */
  answer = null
  /** Why it ended, if not with `load`. */
  problem = ''
  /** Whether a piece of the file is on its way, or was cut off there: how that ended, the server tells those who follow it. */
  unanswered = false

  /**
   * A file to be sent.
   *
   * @param file what to send
   * @param endpoint where uploads are created
   * @param url its address, if it was created already
   * @param progressUrl where the server tells how far it is, if that is known already
   * @param pace called before each request: how many bytes it may have, and for how many milliseconds to rest after it
   */
  constructor(file, { endpoint, url = null, progressUrl = null, pace = () => ({ bytes: Infinity, rest: 0 }) }) {
    super()
    this.#file = file
    this.#pace = pace
    this.endpoint = endpoint
    this.url = url
    this.progressUrl = progressUrl
  }

  /** Begins, or goes on. */
  async start() {
    if (this.#running) return
    this.#running = true
    this.problem = ''
    let end = 'load'
    try {
      await this.#send()
    } catch (e) {
      end = e.type ?? 'error'
      this.problem = e.message
    }
    this.#running = false
    this.#tell(end)
    this.#tell('loadend')
  }

  /** Stops until it is started again. */
  pause() {
    this.#stop()
  }

  /** Gives it up: the server deletes what it has. */
  async cancel() {
    this.#stop()
    if (this.url) await this.#request('DELETE', this.url)
  }

  async #send() {
    this.#tell('loadstart')
    const known = this.url === null ? null : await this.#offset()
    this.loaded = known ?? 0
    if (known === null) await this.#create()
    else this.#tell('progress')
    // At least one: to a request that adds nothing, the server says again what it said to the one that completed the upload.
    do {
      const { bytes, rest } = this.#pace()
      const piece = this.#file.slice(this.loaded, this.loaded + bytes)
      await this.#append(piece)
      if (this.loaded < this.#file.size && rest > 0) await this.#wait(rest)
    } while (this.loaded < this.#file.size)
  }

  async #create() {
    const { name, type, size } = this.#file
    const metadata = Object.entries({ filename: name, filetype: type }).filter(([, value]) => value !== '')
    const created = await this.#request('POST', this.endpoint, {
      'Upload-Length': size,
      'Upload-Metadata': metadata.map(([key, value]) => `${key} ${base64(value)}`).join(','),
    })
    const address = (field) => {
      const relative = created.getResponseHeader(field)
      return relative && new URL(relative, created.responseURL).href
    }
    this.url = address('Location')
    this.progressUrl = address('Upload-Progress') // null where the server tells nobody
    this.dispatchEvent(new Event('created'))
  }

  /** How much the server has, or null if it does not know this upload any more. */
  async #offset() {
    const xhr = await this.#request('HEAD', this.url, {}, { missing: true })
    return xhr.status === 404 ? null : Number(xhr.getResponseHeader('Upload-Offset'))
  }

  async #append(piece) {
    const from = this.loaded
    const headers = { 'Upload-Offset': from, 'Content-Type': 'application/offset+octet-stream' }
    const xhr = await this.#request('PATCH', this.url, headers, {
      body: piece,
      sent: (bytes) => this.#tell('progress', from + bytes),
    })
    this.loaded = Number(xhr.getResponseHeader('Upload-Offset'))
    if (this.loaded === this.#file.size) this.answer = xhr.responseText
  }

  #request(method, url, headers = {}, { body = null, sent = null, missing = false } = {}) {
    return new Promise((resolve, reject) => {
      const xhr = new XMLHttpRequest()
      xhr.open(method, url)
      for (const [name, value] of Object.entries({ ...TUS, ...headers })) xhr.setRequestHeader(name, value)
      // As long as bytes go out it may take its time; a request without any has to be quick.
      if (!body) xhr.timeout = PATIENCE
      if (sent) xhr.upload.addEventListener('progress', ({ loaded }) => sent(loaded))
      for (const type of ['abort', 'error', 'timeout']) {
        xhr.addEventListener(type, () => reject(new Stopped(type, `${method}: ${type}`)))
      }
      xhr.addEventListener('load', () => {
        this.unanswered = false
        if (xhr.status < 300 || (missing && xhr.status === 404)) resolve(xhr)
        else reject(new Stopped('error', `${method}: ${xhr.status} ${xhr.statusText}`))
      })
      this.#stop = () => xhr.abort()
      this.unanswered = body !== null
      xhr.send(body)
    })
  }

  #wait(milliseconds) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, milliseconds)
      this.#stop = () => {
        clearTimeout(timer)
        reject(new Stopped('abort', 'between two requests'))
      }
    })
  }

  #tell(type, loaded = this.loaded) {
    this.dispatchEvent(new ProgressEvent(type, { lengthComputable: true, loaded, total: this.#file.size }))
  }
}
