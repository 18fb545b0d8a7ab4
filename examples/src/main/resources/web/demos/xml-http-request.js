import { EventLog, newLog } from '../parts.js'

const mib = (bytes) => `${(bytes / 1024 / 1024).toFixed(2)} MiB`

export default {
  components: { EventLog },
  template: /* html */ `
    <section>
      <h2>JSON, there and back</h2>
      <p>With <code>responseType = 'json'</code> the browser parses the answer.</p>
      <form class="row" @submit.prevent="post">
        <label>Your name <input v-model="name" name="name" autocomplete="off"></label>
        <button class="primary">POST it</button>
        <button type="button" @click="get">GET the time</button>
      </form>
      <output>{{ answer }}</output>
    </section>

    <section>
      <h2>A download that tells how far it is</h2>
      <p>The server says how long the answer is, so each <code>ProgressEvent</code> can tell how much of it is there.</p>
      <div class="row">
        <button type="button" class="primary" @click="download('/api/xhr/download')" :disabled="busy">Download</button>
        <button type="button" @click="download('/api/xhr/download?length=unknown')" :disabled="busy">Of unknown length</button>
        <button type="button" @click="xhr.abort()" :disabled="!busy">Abort</button>
      </div>
      <progress aria-label="Download" :max="progress.lengthComputable ? progress.total : 1"
        :value="progress.lengthComputable || !busy ? progress.loaded : null"></progress>
      <dl class="facts">
        <div><dt>lengthComputable</dt><dd>{{ progress.lengthComputable }}</dd></div>
        <div><dt>loaded</dt><dd>{{ progress.loaded.toLocaleString('en') }}</dd></div>
        <div><dt>total</dt><dd>{{ progress.total.toLocaleString('en') }}</dd></div>
      </dl>
    </section>

    <section>
      <h2>When it goes wrong</h2>
      <p>One answer takes five seconds, but this page waits for one. The other breaks off in the middle.</p>
      <div class="row">
        <button type="button" @click="send('GET', '/api/xhr/slow', { timeout: 1000 })" :disabled="busy">Time out</button>
        <button type="button" @click="download('/api/xhr/broken')" :disabled="busy">Break off</button>
      </div>
    </section>

    <section>
      <h2>Every event, in order</h2>
      <event-log :log="log" label="Events of the request"></event-log>
    </section>`,

  data: () => ({
    name: '小麦',
    answer: '',
    busy: false,
    progress: { lengthComputable: false, loaded: 0, total: 0 },
    log: newLog(),
  }),

  methods: {
    get() {
      this.send('GET', '/api/xhr/time', {
        responseType: 'json',
        onload: ({ response }) => (this.answer = `The server's clock says ${response.now}`),
      })
    },

    post() {
      this.send('POST', '/api/xhr/greeting', {
        responseType: 'json',
        body: JSON.stringify({ name: this.name }),
        onload: ({ status, response }) => (this.answer = status === 200 ? response.greeting : `${status} ${response.title}`),
      })
    },

    download(url) {
      this.progress = { lengthComputable: false, loaded: 0, total: 0 }
      this.send('GET', url, { responseType: 'blob' })
    },

    send(method, url, { responseType = '', timeout = 0, body = null, onload }) {
      const xhr = new XMLHttpRequest()
      xhr.open(method, url)
      xhr.responseType = responseType
      xhr.timeout = timeout
      if (body) xhr.setRequestHeader('Content-Type', 'application/json')

      this.log.clear()
      this.busy = true
      xhr.addEventListener('loadstart', () => this.log.note('loadstart', `${method} ${url}`))
      xhr.addEventListener('progress', (e) => {
        this.progress = { lengthComputable: e.lengthComputable, loaded: e.loaded, total: e.total }
        this.log.noteAgain('progress', e.lengthComputable ? `${mib(e.loaded)} of ${mib(e.total)}` : `${mib(e.loaded)}`)
      })
      xhr.addEventListener('load', () => {
        this.log.note('load', `status ${xhr.status}`, 'good')
        onload?.(xhr)
      })
      xhr.addEventListener('abort', () => this.log.note('abort', 'this page has called it off', 'bad'))
      xhr.addEventListener('timeout', () => this.log.note('timeout', `no answer within ${timeout} ms`, 'bad'))
      xhr.addEventListener('error', () => this.log.note('error', 'the network failed, no status is known', 'bad'))
      // Always the last one, however the request ended.
      xhr.addEventListener('loadend', () => {
        this.log.note('loadend')
        this.busy = false
      })

      this.xhr = xhr
      xhr.send(body)
    },
  },

  beforeUnmount() {
    this.xhr?.abort()
  },
}
