import { markRaw, reactive } from '/vue/vue.esm-browser.prod.js'
import { kept } from '../kept.js'
import { EventLog, newLog } from '../parts.js'
import { TusUpload } from '../tus.js'

const EVENTS = ['loadstart', 'progress', 'load', 'abort', 'error', 'timeout', 'loadend']
const TONES = { load: 'good', abort: 'bad', error: 'bad', timeout: 'bad' }
const MAX_BYTES = 64 * 1024 * 1024
/** What a slow network is like: so many bytes, and so many milliseconds until the next. */
const SLOW = { bytes: 64 * 1024, rest: 100 }
const FAST = { bytes: Infinity, rest: 0 }
/** So many at a time: to one host a browser has six connections, and each of these takes two. */
const AT_ONCE = 2
/** The rate is that of the last so many milliseconds. */
const LATELY = 3000
/** For so many milliseconds after the last event of an upload that rests, its stream stays open. */
const LINGER = 1000
/** And for so many, if its end is still to come. It does not, where the server had the whole of a request that was cut off. */
const LINGER_FOR_END = 30_000

function size(bytes) {
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 / 1024).toFixed(2)} MiB`
}

function duration(seconds) {
  const rest = Math.ceil(seconds)
  return rest < 60 ? `${rest} s` : `${Math.floor(rest / 60)} min ${rest % 60} s`
}

/** Of an upload that another tab sends: its name, and where the server tells of it. Behind the #, that no server gets to see. */
function watched() {
  const link = new URLSearchParams(location.hash.slice(1))
  return link.has('watch') ? { url: link.get('watch'), name: link.get('name') ?? '' } : null
}

/** Follows what the server says of an upload, behind what was heard of it. */
function follow(row) {
  const url = new URL(row.progressUrl, location)
  if (row.heard) url.searchParams.set('lastEventId', row.heard)
  const source = markRaw(new EventSource(url))
  row.source?.close()
  row.source = source
  for (const type of EVENTS) {
    source.addEventListener(type, (e) => {
      // An error without data is one of the stream and not of the upload. Only one that is closed does not come back by itself.
      if (e instanceof MessageEvent) hear(row, e)
      else if (source.readyState === EventSource.CLOSED) row.server.note('closed', 'the server does not tell', 'bad')
    })
  }
}

function hear(row, { data, lastEventId }) {
  const { type, lengthComputable, loaded, total, phase } = JSON.parse(data)
  row.heard = lastEventId
  row.stored = loaded
  row.total = total
  row.phase = phase
  const now = performance.now()
  row.events = [...row.events.filter(({ at }) => now - at < LATELY), { at: now, loaded }]
  row.server.noteAgain(type, lengthComputable ? `${size(loaded)} of ${size(total)}, ${phase}` : size(loaded))
  tone(row.server, type)
  if (type === 'loadend' && (phase === 'done' || awaitsEnd(row))) row.source.close()
  else linger(row)
}

function isResting({ state }) {
  return ['paused', 'failed', 'cancelled'].includes(state)
}

/** Of a request that was cut off the server tells its end. When the upload rests between two requests, there is none. */
function awaitsEnd(row) {
  return isResting(row) && row.tus.unanswered
}

/** A stream takes one of few connections: that of an upload that rests is closed when its end was heard. */
function linger(row) {
  clearTimeout(row.timer)
  const close = () => {
    if (row.heard && isResting(row)) row.source.close()
  }
  row.timer = setTimeout(close, awaitsEnd(row) ? LINGER_FOR_END : LINGER)
}

function tone(log, type) {
  log.entries.at(-1).tone = TONES[type] ?? ''
}

const UploadRow = {
  components: { EventLog },
  props: { row: Object },
  emits: ['pause', 'resume', 'cancel', 'dismiss'],
  computed: {
    /** Bytes per second, as they came lately; 0 if none did. */
    rate() {
      const { events, state } = this.row
      if (events.length < 2 || !['going', 'watched'].includes(state)) return 0
      const [first, last] = [events[0], events.at(-1)]
      return ((last.loaded - first.loaded) * 1000) / (last.at - first.at)
    },

    facts() {
      const { state, stored, total, phase, problem, progressUrl } = this.row
      if (problem) return problem
      // The server has the last word, where it says anything.
      if (phase === 'done' || (state === 'done' && !progressUrl)) return 'complete'
      if (this.rate <= 0) return state === 'going' ? 'under way' : state
      return `${size(this.rate)}/s, ${duration((total - stored) / this.rate)} left`
    },

    link() {
      return `#${new URLSearchParams({ watch: this.row.progressUrl, name: this.row.name })}`
    },
  },
  methods: {
    size,
    percent(bytes) {
      const { total, state, phase } = this.row
      return total > 0 ? Math.floor((bytes * 100) / total) : state === 'done' || phase === 'done' ? 100 : 0
    },
  },
  template: /* html */ `
    <li>
      <h3>{{ row.name }} <small v-if="row.total">{{ size(row.total) }}</small></h3>
      <p class="rate">{{ facts }}</p>
      <template v-for="bar in [{ what: 'sent', told: 'by the browser', bytes: row.sent },
        { what: 'stored', told: 'by the server', bytes: row.stored }]">
        <div v-if="bar.bytes !== null" class="howfar">
          <span>{{ bar.what }} <small>{{ bar.told }}</small></span><b>{{ percent(bar.bytes) }} %</b>
          <progress :aria-label="row.name + ': ' + bar.what" max="100" :value="percent(bar.bytes)"></progress>
        </div>
      </template>
      <p v-if="row.sha256" class="digest">SHA-256 of what is stored: <code>{{ row.sha256 }}</code></p>
      <div class="row">
        <button v-if="['going', 'waiting'].includes(row.state)" type="button" @click="$emit('pause')">暂停 Pause</button>
        <button v-if="row.state === 'paused' || row.state === 'failed'" type="button" class="primary"
          @click="$emit('resume')">继续 Go on</button>
        <button v-if="['going', 'waiting', 'paused', 'failed'].includes(row.state)" type="button" @click="$emit('cancel')">取消
          Cancel</button>
        <button v-if="row.state === 'done' || row.state === 'cancelled'" type="button" @click="$emit('dismiss')">Dismiss</button>
        <a v-if="row.state !== 'watched' && row.progressUrl" :href="link" target="_blank">Watch it in another tab</a>
      </div>
      <div v-show="row.browser.entries.length + row.server.entries.length > 0" class="logs">
        <div v-if="row.sent !== null"><h4>Browser</h4>
          <event-log :log="row.browser" :label="'Events of the browser: ' + row.name"></event-log></div>
        <div><h4>Server</h4><event-log :log="row.server" :label="'Events of the server: ' + row.name"></event-log></div>
      </div>
    </li>`,
}

export default {
  components: { UploadRow },
  template: /* html */ `
    <section v-if="watching">
      <h2>What another tab sends</h2>
      <p>This tab has the link to its progress, with a token. It can't touch the upload itself.</p>
      <ul class="uploads"><upload-row :row="watching"></upload-row></ul>
    </section>

    <template v-else>
      <section>
        <h2>Send files</h2>
        <p>A <code>ProgressEvent</code> tells what the browser has handed to the network. What of it is safe, only the server can
          say: after a cut, it goes on from there. Files of up to 64 MiB; they stay on your machine.</p>
        <div class="drop" :class="{ over }" @dragover.prevent="over = true" @dragleave="over = false" @drop.prevent="drop">
          <label>选择文件 Choose files, or drop them here <input type="file" multiple @change="chosen"></label>
        </div>
        <label class="check"><input type="checkbox" v-model="slow"> A slow network: 64 KiB, ten times a second</label>
        <output>{{ said }}</output>
      </section>

      <section>
        <h2>On their way</h2>
        <p>Load this page again in the middle: it goes on by itself, as it keeps the file. Or close it, and open it later.</p>
        <ul class="uploads" aria-label="Uploads">
          <upload-row v-for="row in rows" :key="row.key" :row="row" @pause="pause(row)" @resume="resume(row)"
            @cancel="cancel(row)" @dismiss="dismiss(row)"></upload-row>
        </ul>
      </section>
    </template>`,

  data: () => ({ rows: [], watching: null, slow: false, over: false, said: '' }),

  async mounted() {
    this.slow = sessionStorage.getItem('slow') === 'true'
    const upload = watched()
    if (upload) {
      this.watching = this.newRow({ name: upload.name, state: 'watched', progressUrl: upload.url })
      follow(this.watching)
      return
    }
    try {
      for (const key of await kept.keys()) this.hold(key)
    } catch (e) {
      this.said = `This browser keeps no files: ${e.message}`
    }
  },

  watch: {
    slow(slow) {
      sessionStorage.setItem('slow', slow)
    },
  },

  methods: {
    chosen({ target }) {
      this.send([...target.files])
      target.value = '' // so that the same file can be chosen again
    },

    drop({ dataTransfer }) {
      this.over = false
      this.send([...dataTransfer.files])
    },

    async send(files) {
      const tooLarge = files.filter((file) => file.size > MAX_BYTES)
      this.said = tooLarge.map(({ name }) => `${name} has more than 64 MiB`).join('. ')
      for (const file of files.filter((file) => !tooLarge.includes(file))) {
        try {
          this.hold(await kept.add({ file, url: null, progressUrl: null, paused: false }))
        } catch (e) {
          this.said = `${file.name} can't be kept: ${e.message}`
        }
      }
    },

    /** Sends what is kept, as the only tab that does. If another has it, this one takes over when that is closed. */
    hold(key) {
      navigator.locks.request(`upload ${key}`, async () => {
        const upload = await kept.get(key)
        if (!upload) return
        const row = this.newRow({ key, name: upload.file.name, total: upload.file.size, sent: 0 })
        const over = new Promise((resolve) => (row.release = resolve))
        this.rows.push(row)
        this.begin(row, upload)
        await over
      })
    },

    newRow(more) {
      return reactive({
        key: null,
        name: '',
        state: 'paused',
        total: 0,
        sent: null,
        stored: 0,
        phase: 'receiving',
        events: [],
        problem: '',
        sha256: '',
        progressUrl: null,
        heard: '',
        browser: newLog(),
        server: newLog(),
        ...more,
      })
    },

    begin(row, upload) {
      const tus = new TusUpload(upload.file, {
        endpoint: '/uploads',
        url: upload.url,
        progressUrl: upload.progressUrl,
        pace: () => (this.slow ? SLOW : FAST),
      })
      row.tus = markRaw(tus)
      row.keep = (change) => kept.put(row.key, Object.assign(upload, change))
      tus.addEventListener('created', () => {
        row.keep({ url: tus.url, progressUrl: tus.progressUrl })
        row.progressUrl = tus.progressUrl
        if (row.progressUrl) follow(row)
      })
      for (const type of EVENTS) tus.addEventListener(type, (e) => this.tell(row, e))
      tus.addEventListener('load', () => this.complete(row))
      for (const type of ['abort', 'error', 'timeout']) tus.addEventListener(type, () => this.stopped(row, type))
      row.progressUrl = tus.progressUrl
      if (!upload.paused) this.resume(row)
      else if (row.progressUrl) follow(row)
    },

    tell(row, { type, loaded, total }) {
      row.sent = loaded
      row.browser.noteAgain(type, `${size(loaded)} of ${size(total)}`)
      tone(row.browser, type)
    },

    resume(row) {
      row.state = 'waiting'
      row.problem = ''
      row.keep({ paused: false })
      this.next()
    },

    /** Starts those that wait, as far as it is their turn. */
    next() {
      const going = this.rows.filter(({ state }) => state === 'going').length
      for (const row of this.rows.filter(({ state }) => state === 'waiting').slice(0, Math.max(0, AT_ONCE - going))) {
        row.state = 'going'
        row.events = []
        if (row.progressUrl) follow(row)
        row.tus.start()
      }
    },

    /** Another may go on in its place. */
    leave(row, state) {
      row.state = state
      linger(row)
      this.next()
    },

    pause(row) {
      row.keep({ paused: true })
      row.tus.pause()
      this.leave(row, 'paused')
    },

    stopped(row, type) {
      if (type === 'abort') return // by this page, which knows why
      row.problem = row.tus.problem
      this.leave(row, 'failed')
    },

    complete(row) {
      row.sha256 = JSON.parse(row.tus.answer).sha256
      this.leave(row, 'done')
      return this.forget(row)
    },

    async cancel(row) {
      row.problem = ''
      try {
        await row.tus.cancel()
        await this.forget(row)
        this.leave(row, 'cancelled')
      } catch (e) {
        row.problem = e.message
        this.leave(row, 'failed')
      }
    },

    async forget(row) {
      await kept.delete(row.key)
      row.release()
    },

    dismiss(row) {
      row.source?.close()
      this.rows.splice(this.rows.indexOf(row), 1)
    },
  },

  beforeUnmount() {
    for (const row of this.rows) {
      row.tus.pause()
      row.source?.close()
      row.release()
    }
    this.watching?.source.close()
  },
}
