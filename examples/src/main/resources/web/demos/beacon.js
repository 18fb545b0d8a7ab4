import { beacons, tab, VITALS } from '../vitals.js'

const KINDS = ['text', 'form', 'multipart', 'json', 'report', 'csp-report', 'binary']
const SECONDS = 60
const MAX_SHOWN = 50
const MAX_VALUES = 200
const HIGHEST = 5 // beacons a second, the least that the chart has room for
/** How each rating looks. */
const LOOKS = new Map([
  ['good', 'good'],
  ['needs-improvement', 'fair'],
  ['poor', 'poor'],
])

/** What a text holds, or null if that is no JSON: anybody may send anything. */
function parsed(text) {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** The messages of an envelope of beacon.js, or null for another beacon. */
function envelope(beacon) {
  const { page, first, messages } = parsed(beacon.text) ?? {}
  return Array.isArray(messages) && messages.every((message) => message !== null) ? { page, first, messages } : null
}

/** Whether a message is a measurement. It is a client's word, whatever it says. */
function isVital({ name, value, id }) {
  return Object.hasOwn(VITALS, name) && Number.isFinite(value) && typeof id === 'string'
}

function told({ first, messages }) {
  const vitals = messages.filter(isVital).map(({ name }) => name)
  const what = vitals.length === messages.length ? vitals.join(', ') : JSON.stringify(messages.at(-1))
  return `messages ${first} to ${first + messages.length - 1}: ${what.slice(0, 120)}`
}

/** What a report by `report-uri` is about. */
function violated(beacon) {
  const report = parsed(beacon.text)?.['csp-report']
  return report ? `${report['effective-directive']} forbids ${report['blocked-uri']}` : ''
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}

export default {
  template: /* html */ `
    <section>
      <h2>Say something, and do not wait</h2>
      <p><code>navigator.sendBeacon</code> takes a body of any type, and gives it to the browser, which sends it even if this
        page is gone by then. All that the page learns is whether the browser took it.</p>
      <div class="row">
        <button type="button" class="primary" @click="string">A string</button>
        <button type="button" @click="formData">FormData</button>
        <button type="button" @click="params">URLSearchParams</button>
        <button type="button" @click="json">A Blob of JSON</button>
        <button type="button" @click="oversize">70 KiB</button>
      </div>
      <output>{{ answer }}</output>
    </section>

    <section>
      <h2>The last word</h2>
      <p>When this page is hidden, it says so in a beacon: the last thing that a page can count on. Leave it, and in two
        seconds you are back. Or change to another tab.</p>
      <div class="row"><button type="button" class="primary" @click="leave">Leave, and come back</button></div>
    </section>

    <section>
      <h2>What has arrived</h2>
      <p>The collector publishes each beacon on a topic; this page follows it over server-sent events. Here are those of this
        tab, and reports.</p>
      <ol class="beacons" role="log" aria-label="Beacons that arrived" tabindex="0">
        <li v-for="beacon in arrived" :key="beacon.id">
          <b>{{ beacon.kind }}</b> <time>{{ beacon.time }}</time> <small>{{ beacon.contentType ?? 'no content type' }}</small>
          <span>{{ beacon.summary }}</span>
        </li>
      </ol>
    </section>

    <section>
      <h2>Many small messages</h2>
      <p><code>beacon.js</code>, which comes with the collector, puts them into envelopes of up to 60 KiB, and numbers them. So
        the server can tell what was lost: a message that is too large for any envelope leaves a hole.</p>
      <div class="row">
        <button type="button" class="primary" @click="many">Send 20 messages</button>
        <button type="button" @click="tooLarge">And one of 61 KiB</button>
        <button type="button" @click="flush">Flush</button>
      </div>
      <dl class="facts numbers">
        <div><dt>sent by this page</dt><dd>{{ sent }}</dd></div>
        <div><dt>arrived</dt><dd>{{ received }}</dd></div>
        <div><dt>in envelopes</dt><dd>{{ envelopes }}</dd></div>
        <div><dt>missing</dt><dd>{{ missing }}</dd></div>
      </dl>
    </section>

    <section>
      <h2>Reports of the browser</h2>
      <p>The policy of this page forbids images of other origins. Load one all the same: the browser blocks it, and reports it to
        the collector, as <code>report-uri</code> says.</p>
      <div class="row"><button type="button" class="primary" @click="violate">Load a forbidden image</button></div>
      <output>{{ violation }}</output>
    </section>

    <section>
      <h2>Beacons per second</h2>
      <p>Of all pages of this gallery, in all tabs, during the last minute.</p>
      <svg class="chart" viewBox="0 0 300 80" preserveAspectRatio="none" role="img" :aria-label="chartLabel">
        <rect v-for="(count, i) in bars" :key="i" :x="i * 5 + 0.5" :y="80 - (78 * count) / highest" width="4"
          :height="(78 * count) / highest"></rect>
      </svg>
      <div class="axis" aria-hidden="true"><span>a minute ago</span><span>most: {{ Math.max(...bars) }}</span><span>now</span></div>
    </section>

    <section>
      <h2>Web vitals of this gallery</h2>
      <p>Each page of the gallery measures them, and sends them by <code>beacon.js</code>: some at once, some when it is left.
        Visit others and come back.</p>
      <ul class="vitals">
        <li v-for="vital in vitals" :key="vital.name" :class="vital.look">
          <abbr :title="vital.title">{{ vital.name }}</abbr>
          <b>{{ vital.median }}</b>
          <svg viewBox="0 0 120 40" aria-hidden="true">
            <path class="bound" d="M0 20H120"></path>
            <circle v-for="dot in vital.dots" :cx="dot.x" :cy="dot.y" r="3" :class="dot.look"></circle>
          </svg>
          <small>{{ vital.count }}</small>
        </li>
      </ul>
      <p class="legend">Median of the newest 200, and the newest 12 as dots. The line is where good ends.</p>
    </section>`,

  data: () => ({
    answer: '',
    violation: '',
    arrived: [],
    // ---- of beacon.js
    sent: 0,
    numbers: new Set(),
    envelopes: 0,
    // ---- of all tabs
    seconds: [],
    now: Math.floor(Date.now() / 1000),
    values: Object.fromEntries(Object.keys(VITALS).map((name) => [name, []])),
  }),

  computed: {
    received() {
      return this.numbers.size
    },

    /** Holes before the last number that arrived. What is still under way is not missing yet. */
    missing() {
      return Math.max(0, ...this.numbers) - this.numbers.size
    },

    bars() {
      const bars = Array(SECONDS).fill(0)
      for (const second of this.seconds) {
        const i = SECONDS - 1 - (this.now - second)
        if (i >= 0) bars[Math.min(i, SECONDS - 1)]++
      }
      return bars
    },

    highest() {
      return Math.max(HIGHEST, ...this.bars)
    },

    chartLabel() {
      return `${this.bars.reduce((sum, count) => sum + count)} beacons in the last minute`
    },

    vitals() {
      return Object.entries(VITALS).map(([name, { title, bounds }]) => {
        const values = this.values[name]
        const middle = median(values.map(({ value }) => value))
        const unit = name === 'CLS' ? '' : ' ms'
        return {
          name,
          title,
          count: values.length === 1 ? '1 page' : `${values.length} pages`,
          median: values.length === 0 ? '–' : (name === 'CLS' ? middle.toFixed(3) : Math.round(middle)) + unit,
          look: values.length === 0 ? '' : middle <= bounds[0] ? 'good' : middle <= bounds[1] ? 'fair' : 'poor',
          // Half of the height is what is good.
          dots: values.slice(-12).map(({ value, look }, i) => ({
            look,
            x: 5 + i * 10,
            y: 36 - Math.min(32, (16 * value) / bounds[0]),
          })),
        }
      })
    },
  },

  mounted() {
    this.source = new EventSource('/api/beacons')
    for (const kind of KINDS) this.source.addEventListener(kind, this.hear)
    this.clock = setInterval(() => (this.now = Math.floor(Date.now() / 1000)), 1000)
    document.addEventListener('visibilitychange', this.lastWord)
  },

  methods: {
    string() {
      this.tell(navigator.sendBeacon(this.address(), '你好, in passing'))
    },

    formData() {
      const form = new FormData()
      form.append('name', '小麦')
      form.append('note', new Blob(['你好'], { type: 'text/plain' }), 'note.txt')
      this.tell(navigator.sendBeacon(this.address(), form))
    },

    params() {
      this.tell(navigator.sendBeacon(this.address(), new URLSearchParams({ name: '小麦', age: 23 })))
    },

    json() {
      const blob = new Blob([JSON.stringify({ name: '小麦', age: 23 })], { type: 'application/json' })
      this.tell(navigator.sendBeacon(this.address(), blob))
    },

    oversize() {
      this.tell(navigator.sendBeacon(this.address(), 'x'.repeat(70 * 1024)))
    },

    tell(taken) {
      this.answer = taken
        ? 'sendBeacon returned true: the browser took it'
        : 'sendBeacon returned false: more than the 64 KiB that may be on the way at a time'
    },

    address() {
      return `/beacon/${tab}`
    },

    leave() {
      location.assign('/left')
    },

    lastWord() {
      if (document.visibilityState === 'hidden') {
        navigator.sendBeacon(this.address(), `再见, this page was left at ${new Date().toLocaleTimeString('en-GB')}`)
      }
    },

    many() {
      for (let i = 1; i <= 20; i++) this.sent = beacons.send({ event: 'scroll', to: i * 5 })
    },

    tooLarge() {
      beacons.send('x'.repeat(61 * 1024))
      this.sent = beacons.send({ event: 'after' })
    },

    flush() {
      beacons.flush()
    },

    violate() {
      const image = new Image()
      image.addEventListener('error', () => {
        this.violation = 'blocked: its report is on the way'
      })
      image.src = location.origin.replace('localhost', '127.0.0.1') + `/forbidden/${Date.now()}.svg`
    },

    hear({ type, data, lastEventId }) {
      const beacon = JSON.parse(data)
      this.seconds.push(Math.floor(Date.parse(beacon.at) / 1000))
      while (this.seconds.length > 0 && this.now - this.seconds[0] > SECONDS) this.seconds.shift()
      const sent = envelope(beacon)
      for (const message of sent?.messages ?? []) this.measure(message)
      if (sent?.page === beacons.page) {
        this.envelopes++
        this.sent = Math.max(this.sent, sent.first + sent.messages.length - 1)
        sent.messages.forEach((message, i) => this.numbers.add(sent.first + i))
      }
      if (beacon.path !== this.address() && !type.endsWith('report')) return
      this.arrived.unshift({
        id: lastEventId,
        kind: beacon.kind,
        time: new Date(beacon.at).toLocaleTimeString('en-GB'),
        contentType: beacon.contentType?.replace(/boundary=.*/, 'boundary=…'),
        summary: sent ? told(sent) : violated(beacon) || (beacon.text ?? beacon.base64).replace(/\s+/g, ' ').slice(0, 300),
      })
      if (this.arrived.length > MAX_SHOWN) this.arrived.pop()
    },

    measure(message) {
      if (!isVital(message)) return
      const { name, value, rating, id } = message
      const values = this.values[name]
      const known = values.findIndex((each) => each.id === id)
      // The same id again is a value that has changed.
      if (known >= 0) values.splice(known, 1)
      values.push({ id, value, look: LOOKS.get(rating) ?? 'poor' })
      if (values.length > MAX_VALUES) values.shift()
    },
  },

  beforeUnmount() {
    this.source.close()
    clearInterval(this.clock)
    document.removeEventListener('visibilitychange', this.lastWord)
  },
}
