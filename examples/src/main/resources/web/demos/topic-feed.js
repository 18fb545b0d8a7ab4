import { EventLog, newLog } from '../parts.js'
import { ndjson } from './fetch.js'

const EVENTS = ['news', 'alarm']

export default {
  components: { EventLog },
  template: /* html */ `
    <section>
      <h2>A feed that loses nothing</h2>
      <p>The feed is a topic, which keeps its last eight publications. A source that comes back tells what it heard last, and
        hears what it missed: once, and in order. What is not kept any more is a gap, and it says so.
        <a :href="'#' + feed" target="_blank">The same feed in another window</a></p>
      <form class="row" @submit.prevent="publishForm">
        <label class="wide">Text <input v-model="text" name="text" maxlength="200" autocomplete="off" required></label>
        <label>Event <select v-model="event" name="event" aria-label="Event"><option value="">message</option>
          <option v-for="name in events">{{ name }}</option></select></label>
        <label>Key <input v-model.trim="key" name="key" maxlength="40" autocomplete="off"></label>
        <button class="primary"><span lang="zh-CN">发布</span> Publish</button>
        <button type="button" @click="publishMore(5)">Publish 5 more</button>
        <button type="button" @click="publishMore(20)">Publish 20 more</button>
      </form>
      <div class="row">
        <button type="button" class="primary" @click="connect" :disabled="source !== null"><span lang="zh-CN">连接</span> Connect</button>
        <button type="button" @click="disconnect" :disabled="source === null"><span lang="zh-CN">断开</span> Disconnect</button>
        <button type="button" @click="end" :disabled="source === null">Let the server end it</button>
      </div>
      <dl class="facts counts">
        <div><dt>published here</dt><dd>{{ published.size }}</dd></div>
        <div><dt>received</dt><dd>{{ received.size }}</dd></div>
        <div><dt>not received</dt><dd>{{ missing }}</dd></div>
        <div><dt>received twice</dt><dd>{{ twice }}</dd></div>
        <div><dt>last position</dt><dd>{{ last || 'none yet' }}</dd></div>
      </dl>
      <output>{{ trouble || state }}</output>
      <event-log :log="log" label="Events of the feed"></event-log>
    </section>

    <section>
      <h2>The same topic, read with fetch</h2>
      <p>As <code>application/x-ndjson</code>, one line for each publication. This reader wants the newest for each key:
        publish three with one key, and it gets the last.</p>
      <div class="row">
        <button type="button" class="primary" @click="read" :disabled="reader !== null">Read the lines</button>
        <button type="button" @click="reader.abort()" :disabled="reader === null">Abort</button>
      </div>
      <event-log :log="lines" label="Lines of the feed"></event-log>
    </section>`,

  data: () => ({
    feed: /^#[0-9a-f-]{36}$/.test(location.hash) ? location.hash.slice(1) : crypto.randomUUID(),
    events: EVENTS,
    text: '你好 Hello',
    event: '',
    key: '',
    source: null,
    reader: null,
    published: new Set(), // positions that the server has given to what this page published
    received: new Set(), // ids of the events that came
    away: new Set(), // what was published while nobody listened
    twice: 0,
    last: '',
    numbered: 0,
    state: 'not connected',
    trouble: '',
    log: newLog(),
    lines: newLog(),
  }),

  computed: {
    url() {
      return `/api/feeds/${this.feed}`
    },
    missing() {
      return [...this.published].filter((position) => !this.received.has(position)).length
    },
  },

  methods: {
    connect() {
      // A new EventSource can't send the header Last-Event-ID, so the query says it. When the browser itself comes back, it
      // sends the header, and that counts.
      const source = new EventSource(this.url + (this.last ? `?lastEventId=${encodeURIComponent(this.last)}` : ''))
      this.source = source
      for (const name of ['message', ...EVENTS]) source.addEventListener(name, this.hear)
      source.addEventListener('open', () => {
        this.state = 'connected'
      })
      // Who is new here, or has lost something, gets this first: it tells the place, from which the page can resume.
      source.addEventListener('hello', (e) => {
        this.last = e.lastEventId
        this.log.note('hello', `${e.data}, you are at ${e.lastEventId}`, 'good')
      })
      source.addEventListener('parley:resumed', (e) => {
        this.log.note('parley:resumed', `goes on behind ${e.lastEventId}`, 'good')
      })
      source.addEventListener('parley:gap', (e) => {
        this.log.note('parley:gap', `${JSON.parse(e.data).lost} publications are lost`, 'bad')
      })
      source.addEventListener('parley:reset', () => {
        this.log.note('parley:reset', 'the topic has begun anew, nobody knows what was lost', 'bad')
      })
      source.addEventListener('error', () => {
        if (source.readyState === EventSource.CONNECTING) {
          this.state = 'connection lost, the browser will try again'
          this.log.note('error', this.state)
        } else {
          this.source = null
          this.state = 'not connected'
          this.log.note('error', 'refused', 'bad')
        }
      })
    },

    hear({ type, data, lastEventId }) {
      if (this.received.has(lastEventId)) this.twice++
      this.received.add(lastEventId)
      this.last = lastEventId
      this.log.note(type, this.away.has(lastEventId) ? `${data} (replayed)` : data)
    },

    disconnect() {
      this.source.close()
      this.source = null
      this.state = 'not connected'
      this.log.note('close', 'closed by this page')
    },

    async end() {
      await fetch(`${this.url}/end`, { method: 'POST' })
    },

    async publish(post) {
      const away = this.source?.readyState !== EventSource.OPEN
      const response = await fetch(this.url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(post),
      })
      const answer = await response.json()
      this.trouble = response.ok ? '' : `${response.status} ${answer.title}: ${answer.detail}`
      if (!response.ok) return
      this.published.add(answer.position)
      if (away) this.away.add(answer.position)
    },

    publishForm() {
      return this.publish({ text: this.text, event: this.event || null, key: this.key || null })
    },

    async publishMore(count) {
      for (let i = 0; i < count; i++) await this.publish({ text: `number ${++this.numbered}` })
    },

    async read() {
      this.reader = new AbortController()
      this.lines.clear()
      try {
        const response = await fetch(`${this.url}/lines`, { signal: this.reader.signal })
        // A line without data tells a position, or that the stream is alive.
        for await (const { event, data } of ndjson(response)) {
          if (data !== undefined) this.lines.note(event ?? 'message', data)
        }
        this.lines.note('end', 'the stream is complete')
      } catch (e) {
        this.lines.note(e.name, e.name === 'AbortError' ? 'this page has called it off' : e.message, 'bad')
      } finally {
        this.reader = null
      }
    },
  },

  beforeUnmount() {
    this.source?.close()
    this.reader?.abort()
  },
}
