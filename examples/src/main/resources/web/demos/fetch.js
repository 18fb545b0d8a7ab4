import { secondOrigin } from '../config.js'
import { EventLog, newLog } from '../parts.js'

/** Reads newline-delimited JSON while it arrives: a chunk may end anywhere, even inside a character. */
export async function* ndjson(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    const lines = (rest + value).split('\n')
    rest = lines.pop()
    for (const line of lines) yield JSON.parse(line)
  }
}

export default {
  components: { EventLog },
  template: /* html */ `
    <section>
      <h2>JSON, there and back</h2>
      <p>A promise for the answer. A status of 400 and above does not reject it: <code>response.ok</code> has to be asked.</p>
      <form class="row" @submit.prevent="greet">
        <label>Your name <input v-model="name" name="name" autocomplete="off"></label>
        <button class="primary">POST it</button>
        <button type="button" @click="time">GET the time</button>
      </form>
      <output>{{ answer }}</output>
    </section>

    <section>
      <h2>A response, line by line</h2>
      <p>The server writes one line of JSON at a time; the page reads each as it comes, and may stop at any time.</p>
      <div class="row">
        <button type="button" class="primary" @click="read" :disabled="reading">Read the stream</button>
        <button type="button" @click="controller.abort()" :disabled="!reading">Abort</button>
      </div>
      <event-log :log="lines" label="Lines of the stream"></event-log>
    </section>

    <section>
      <h2>To another origin</h2>
      <p>The second origin is <code>{{ secondOrigin }}</code>. It counts visits in a cookie of its own, and lets this page
        read the answer because its <code>OriginPolicy</code> names this page's origin.</p>
      <div class="row">
        <button type="button" class="primary" @click="visit('/api/fetch/visit', 'include')">With credentials</button>
        <button type="button" @click="visit('/api/fetch/visit', 'omit')">Without</button>
        <button type="button" @click="visit('/api/fetch/private', 'include')">Where this page is not named</button>
      </div>
      <output>{{ visited }}</output>
    </section>`,

  data: () => ({
    secondOrigin,
    name: '小麦',
    answer: '',
    lines: newLog(),
    reading: false,
    controller: null,
    visited: '',
  }),

  methods: {
    async time() {
      const response = await fetch('/api/fetch/time')
      const { now } = await response.json()
      this.answer = `The server's clock says ${now}`
    },

    async greet() {
      const response = await fetch('/api/fetch/greeting', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ name: this.name }),
      })
      const body = await response.json()
      this.answer = response.ok ? body.greeting : `${response.status} ${body.title}: ${body.detail}`
    },

    async read() {
      this.controller = new AbortController()
      this.reading = true
      this.lines.clear()
      try {
        const response = await fetch('/api/fetch/lines', { signal: this.controller.signal })
        for await (const { line, text } of ndjson(response)) this.lines.note(`line ${line}`, text)
        this.lines.note('end', 'the stream is complete', 'good')
      } catch (e) {
        this.lines.note(e.name, e.name === 'AbortError' ? 'this page has called it off' : e.message, 'bad')
      } finally {
        this.reading = false
      }
    },

    async visit(path, credentials) {
      try {
        const response = await fetch(secondOrigin + path, { credentials })
        const { visits } = await response.json()
        this.visited = `Visits that the second origin knows of: ${visits}`
      } catch (e) {
        // All that a page may know of a refusal. The reason is in the browser's console.
        this.visited = `${e.name}: the browser keeps the answer to itself`
      }
    },
  },

  beforeUnmount() {
    this.controller?.abort()
  },
}
