import { secondOrigin } from '../config.js'
import { EventLog, newLog } from '../parts.js'
import TopicFeed from './topic-feed.js'

const STATES = ['CONNECTING', 'OPEN', 'CLOSED']

export default {
  components: { EventLog, TopicFeed },
  template: /* html */ `
    <section>
      <h2>One subscription and its life</h2>
      <p><code>/api/stream</code> is for those who signed in. After five messages the server ends the stream, and the browser
        comes back by itself.</p>
      <div class="row">
        <button type="button" @click="signIn" :disabled="signedIn !== false"><span lang="zh-CN">登录</span> Sign in</button>
        <button type="button" @click="signOut" :disabled="!signedIn"><span lang="zh-CN">退出</span> Sign out</button>
      </div>
      <div class="row">
        <button type="button" class="primary" @click="open" :disabled="source !== null"><span lang="zh-CN">打开</span> Open</button>
        <button type="button" @click="close" :disabled="source === null"><span lang="zh-CN">关闭</span> Close</button>
        <label class="check"><input type="checkbox" v-model="elsewhere" :disabled="source !== null">
          from the second origin, <code>withCredentials</code></label>
      </div>
      <dl class="facts">
        <div><dt>url</dt><dd>{{ url }}</dd></div>
        <div><dt>readyState</dt><dd><output>{{ state }}</output></dd></div>
      </dl>
      <event-log :log="log" label="Events of the source"></event-log>
    </section>

    <topic-feed></topic-feed>`,

  data: () => ({
    elsewhere: false,
    signedIn: null, // until the server has said so
    source: null,
    state: 'none yet',
    log: newLog(),
  }),

  computed: {
    url() {
      return (this.elsewhere ? secondOrigin : '') + '/api/stream'
    },
  },

  async mounted() {
    this.signedIn = (await (await fetch('/api/session')).json()).signedIn
  },

  methods: {
    open() {
      const { url } = this
      const eventSource = new EventSource(url, { withCredentials: this.elsewhere })
      this.source = eventSource
      this.watch()

      // open: subscribed
      eventSource.addEventListener('open', () => {
        this.log.note('open', 'open successfully', 'good')
        this.watch()
      })
      // message: the server says something
      eventSource.addEventListener('message', (e) => this.log.note('message', e.data))
      // error: the connection is lost, and the browser tries again; or it was refused, and it does not
      eventSource.addEventListener('error', async () => {
        this.watch()
        if (eventSource.readyState === EventSource.CONNECTING) {
          this.log.note('error', 'connection lost, the browser will try again')
        } else {
          this.source = null
          const status = await statusOf(url)
          this.log.note('error', status === 401 ? '401 not authorized' : `refused: ${status}`, 'bad')
        }
      })
    },

    close() {
      this.source.close()
      this.watch()
      this.source = null
      this.log.note('close', 'closed by this page')
    },

    watch() {
      this.state = STATES[this.source.readyState]
    },

    async signIn() {
      await fetch('/api/session', { method: 'POST' })
      this.signedIn = true
    },

    async signOut() {
      await fetch('/api/session', { method: 'DELETE' })
      this.signedIn = false
    },
  },

  beforeUnmount() {
    this.source?.close()
  },
}

/** An error event has no status, so ask again with fetch, and hang up as soon as the head of the answer is there. */
async function statusOf(url) {
  const controller = new AbortController()
  try {
    const { status } = await fetch(url, { credentials: 'include', signal: controller.signal })
    return status
  } catch (e) {
    return e.message // no answer, or none that this page may read
  } finally {
    controller.abort()
  }
}
