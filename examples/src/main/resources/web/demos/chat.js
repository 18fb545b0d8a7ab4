import { EventLog, newLog } from '../parts.js'

const ORIGIN = location.origin.replace(/^http/, 'ws')
const FIRST_DELAY = 500 // ms
const LONGEST_DELAY = 15_000
const MAX_LINES = 200
const OPCODES = { 0x0: 'continuation', 0x1: 'text', 0x2: 'binary', 0x8: 'close', 0x9: 'ping', 0xa: 'pong' }

export default {
  components: { EventLog },
  template: /* html */ `
    <section>
      <h2>A chat that survives a cut</h2>
      <p>The room is a topic, which keeps the last eight messages. A page that was cut off comes back by itself, tells the
        position of what it heard last, and hears what it missed: once, and in order. What is not kept any more is a gap.
        <a :href="'#' + room" target="_blank">The same room in another window</a></p>
      <form class="row" @submit.prevent="join">
        <label class="wide">Your name <input v-model.trim="name" name="name" maxlength="20" autocomplete="off" required
          :disabled="joined"></label>
        <button :class="{ primary: !joined }" :disabled="joined"><span lang="zh-CN">加入</span> Join</button>
        <button type="button" @click="leave" :disabled="!joined"><span lang="zh-CN">离开</span> Leave</button>
      </form>
      <div class="here">
        <h3 id="here-title">Here now</h3>
        <ul aria-labelledby="here-title" aria-live="polite"><li v-for="who in here">{{ who }}</li></ul>
      </div>
      <div class="talk" role="log" aria-label="Messages of the room" tabindex="0" ref="talk">
        <ol>
          <li v-for="line in lines" :key="line.id" :class="line.kind">
            <template v-if="line.kind !== 'notice'"><b>{{ line.name }}</b> <time>{{ line.time }}</time>
              <small v-if="line.mark">{{ line.mark }}</small></template>
            <span>{{ line.text }}</span>
          </li>
        </ol>
      </div>
      <form class="row" @submit.prevent="say">
        <label class="wide">Message <input v-model="text" name="text" maxlength="200" autocomplete="off" required></label>
        <button :class="{ primary: here.length > 0 }" :disabled="!connected"><span lang="zh-CN">发送</span> Send</button>
        <button type="button" @click="sayMore" :disabled="!connected">Send 10 more</button>
      </form>
      <div class="row">
        <button type="button" @click="send('cut')" :disabled="!connected">Cut the connection</button>
        <label class="check"><input type="checkbox" v-model="away"> and stay away until I untick this</label>
      </div>
      <dl class="facts">
        <div><dt>connection</dt><dd><output>{{ trouble || state }}</output></dd></div>
        <div><dt>last position</dt><dd>{{ position || 'none yet' }}</dd></div>
      </dl>
    </section>

    <section>
      <h2>The frames of the chat's connection</h2>
      <p>As the server sees them: <code>→</code> this page sent, <code>←</code> it received. They come over a WebSocket of their
        own, or each would be one more to tell of. The frames of a publication are made once for all who hear it: of these it is
        the page that tells.</p>
      <event-log :log="frames" label="Frames of the chat"></event-log>
    </section>`,

  data: () => ({
    room: /^#[0-9a-f-]{36}$/.test(location.hash) ? location.hash.slice(1) : crypto.randomUUID(),
    name: '',
    text: '你好 Hello',
    joined: false, // whether the page wants to be in the room
    connected: false, // whether it is
    joinedAt: 0, // by the server's clock: what was said before, was missed
    position: '',
    here: [],
    lines: [],
    numbered: 0,
    away: false,
    attempts: 0,
    timer: null,
    state: 'not in the room',
    trouble: '',
    frames: newLog(),
  }),

  watch: {
    away(away) {
      if (!away && this.timer === 'away') this.connect()
    },
  },

  methods: {
    join() {
      this.joined = true
      this.connect()
    },

    leave() {
      this.joined = false
      clearTimeout(this.timer)
      this.socket.close()
      this.lost('not in the room')
    },

    connect() {
      const connection = crypto.randomUUID()
      const socket = new WebSocket(`${ORIGIN}/api/rooms/${this.room}/${connection}`)
      this.socket = socket
      this.timer = null
      this.trouble = ''
      this.state = 'connecting'
      this.watchFrames(connection)
      socket.addEventListener('open', () => {
        this.resuming = this.position !== ''
        this.send('join', { name: this.name }, 'join')
        this.send('subscribe', { topic: 'here' })
        this.send('subscribe', { topic: 'said', position: this.position || 'oldest' })
      })
      socket.addEventListener('message', ({ data }) => this.hear(JSON.parse(data)))
      socket.addEventListener('close', ({ code, reason }) => {
        if (socket === this.socket && this.joined) this.comeBack(`${code} ${reason}`)
      })
    },

    /** Twice as late each time, so that a server in trouble is left alone; and not all pages at once. */
    comeBack(why) {
      if (this.away) {
        this.timer = 'away'
        this.lost(`cut off (${why}), staying away`)
        return
      }
      const delay = Math.min(FIRST_DELAY * 2 ** this.attempts++, LONGEST_DELAY) * (0.5 + Math.random() / 2)
      this.timer = setTimeout(this.connect, delay)
      this.lost(`cut off (${why}), back in ${(delay / 1000).toFixed(1)} s`)
    },

    lost(state) {
      if (this.connected) this.note(state)
      this.state = state
      this.connected = false
      this.here = []
    },

    send(type, payload, id) {
      this.socket.send(JSON.stringify({ type, id, payload }))
    },

    hear({ type, id, payload }) {
      // The one rule: keep the position of the last message that had one.
      if (payload.topic === 'said' && payload.position) this.position = payload.position
      if (type === 'reply' && id === 'join') {
        this.joinedAt = payload.at
        this.attempts = 0
        this.connected = true
        this.state = 'connected'
        this.trouble = ''
      } else if (type === 'error') {
        this.trouble = `${payload.code}: ${payload.message}`
        if (id === 'join') this.leave()
      } else if (type === 'publication') {
        this.frames.note('← text', 'a publication')
        this.published(payload.topic, JSON.parse(payload.data))
      } else if (payload.topic === 'said') {
        this.begun(type, payload)
      }
    },

    begun(type, { lost }) {
      if (type === 'resumed') this.note('resumed: nothing is lost')
      else if (type === 'gap') this.note(`resumed with a gap: ${lost} messages are lost`)
      else if (type === 'reset') this.note('the room has begun anew: nobody knows what was lost')
    },

    published(topic, data) {
      if (topic === 'here') {
        this.here = data
        return
      }
      const { name, text, at } = data
      const missed = at < this.joinedAt ? (this.resuming ? 'resumed' : 'earlier') : ''
      this.add({ kind: name === this.name ? 'mine' : '', name, text, time: new Date(at).toLocaleTimeString(), mark: missed })
    },

    note(text) {
      this.add({ kind: 'notice', text })
    },

    add(line) {
      this.lines.push({ id: (this.last = (this.last ?? 0) + 1), ...line })
      if (this.lines.length > MAX_LINES) this.lines.shift()
      this.$nextTick(() => this.$refs.talk?.scrollTo(0, this.$refs.talk.scrollHeight))
    },

    say() {
      this.send('say', { text: this.text })
      this.text = ''
    },

    sayMore() {
      for (let i = 0; i < 10; i++) this.send('say', { text: `number ${++this.numbered}` })
    },

    watchFrames(connection) {
      this.watcher?.close()
      this.watcher = new WebSocket(`${ORIGIN}/api/frames/${connection}`)
      this.watcher.addEventListener('message', ({ data }) => {
        const { direction, opcode, isFinal, isCompressed, length } = JSON.parse(data)
        const head = [isFinal && 'FIN', isCompressed && 'RSV1', `${length} bytes`].filter(Boolean)
        this.frames.note(`${direction === 'RECEIVED' ? '→' : '←'} ${OPCODES[opcode]}`, head.join(' · '))
      })
    },
  },

  beforeUnmount() {
    this.joined = false
    clearTimeout(this.timer)
    this.socket?.close()
    this.watcher?.close()
  },
}
