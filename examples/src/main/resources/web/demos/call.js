import { markRaw } from '/vue/vue.esm-browser.prod.js'
import { DeviceError, join } from '/parley/signaling.js'
import { EventLog, newLog } from '../parts.js'
import { hueOf, testPicture } from '../test-picture.js'

const SECONDS = 60
const MAX_LINES = 200
/** How long the network stays away. */
const AWAY = 4000
/** Both ends open it, so neither has to tell the other. */
const CHAT = { negotiated: true, id: 1 }
const MEDIA = {
  camera: { audio: true, video: { width: 640, height: 360 } },
  microphone: { audio: true },
  nothing: false,
}

/** One who is in the room: a picture, a name, and what is switched off. */
const Tile = {
  props: { name: String, note: String, stream: Object, pictured: Boolean, muted: Object, own: Boolean, mirrored: Boolean, sharing: Boolean },
  computed: {
    initial() {
      return [...this.name.trim()][0]?.toUpperCase() ?? '?'
    },
    hue() {
      return hueOf(this.name)
    },
  },
  template: /* html */ `
    <figure class="tile" :class="{ mirrored, sharing }" :style="{ '--hue': hue }">
      <video v-show="pictured && !muted.video" autoplay playsinline :muted.prop="own" :srcObject.prop="stream"
        :aria-label="'Picture of ' + name"></video>
      <span v-if="!pictured || muted.video" class="initial" aria-hidden="true">{{ initial }}</span>
      <figcaption>{{ name }}<small v-if="own"> (you)</small>
        <svg v-if="muted.audio" viewBox="0 0 16 16" role="img" aria-label="microphone off"><path
          d="M8 2a2 2 0 0 0-2 2v4a2 2 0 0 0 4 0V4a2 2 0 0 0-2-2M4 8a4 4 0 0 0 8 0M8 12v2M2 2l12 12"></path></svg>
      </figcaption>
      <small v-if="note" class="state">{{ note }}</small>
    </figure>`,
}

/** What getStats tells of one connection. */
const Panel = {
  props: { row: Object },
  computed: {
    most() {
      return Math.max(200_000, ...this.row.samples.flatMap(({ received, sent }) => [received, sent]))
    },
    last() {
      return this.row.samples.at(-1) ?? { received: 0, sent: 0 }
    },
  },
  methods: {
    rate(bits) {
      return bits < 1e6 ? `${Math.round(bits / 1000)} kbit/s` : `${(bits / 1e6).toFixed(1)} Mbit/s`
    },

    points(what) {
      const { samples } = this.row
      return samples.map((sample, i) => `${300 - (samples.length - 1 - i) * (300 / (SECONDS - 1))},${60 - (56 * sample[what]) / this.most}`)
    },

    area(what) {
      const points = this.points(what)
      return points.length > 1 ? `M${points[0].split(',')[0]},60L${points.join(' ')}L300,60Z` : ''
    },
  },
  template: /* html */ `
    <li>
      <h3>{{ row.name }} <span class="chip" :class="row.state">{{ row.state }}</span></h3>
      <svg class="rates" viewBox="0 0 300 60" preserveAspectRatio="none" role="img"
        :aria-label="'Received ' + rate(last.received) + ', sent ' + rate(last.sent)">
        <path class="received" :d="area('received')"></path>
        <polyline class="sent" :points="points('sent').join(' ')"></polyline>
      </svg>
      <div class="axis" aria-hidden="true"><span class="received">↓ {{ rate(last.received) }}</span>
        <span class="sent">↑ {{ rate(last.sent) }}</span><span>a minute</span></div>
      <dl class="facts">
        <div><dt>candidate pair</dt><dd>{{ row.pair || 'none yet' }}</dd></div>
        <div><dt>round trip</dt><dd>{{ row.roundTrip }}</dd></div>
        <div><dt>picture</dt><dd>{{ row.size }}</dd></div>
      </dl>
      <div class="row"><button type="button" @click="row.peer.restart()">Restart ICE</button></div>
    </li>`,
}

export default {
  components: { EventLog, Panel, Tile },
  template: /* html */ `
    <section class="call">
      <h2>A call between tabs</h2>
      <p>Open this room in a second tab, and in a third: everybody is connected to everybody. The server introduces them, and
        passes on what they say to find each other; sound, picture and chat go from browser to browser.
        <a :href="'#' + roomName" target="_blank">The same room in another tab</a></p>
      <form v-if="!joined" class="row" @submit.prevent="enter">
        <label>Room <input v-model.trim="roomName" name="room" maxlength="40" autocomplete="off" required></label>
        <label>Your name <input v-model.trim="name" name="name" maxlength="30" autocomplete="off" required></label>
        <label>Send <select v-model="send" name="send">
          <option value="camera">camera and microphone</option>
          <option value="microphone">microphone only</option>
          <option value="test">a test picture</option>
          <option value="nothing">nothing, just watch</option>
        </select></label>
        <button class="primary" :disabled="joining"><span lang="zh-CN">加入</span> Join</button>
      </form>
      <output v-if="trouble">{{ trouble }}</output>

      <div class="tiles" :class="{ alone: rows.length === 0 }" aria-live="polite">
        <tile v-if="joined" own :name="name" :stream="shown" :pictured="hasVideo || sharing" :muted="muted" :sharing="sharing"
          :mirrored="send === 'camera' && !sharing" :note="state === 'connected' ? '' : state"></tile>
        <tile v-for="row in rows" :key="row.id" :name="row.name" :stream="row.stream" :pictured="row.pictured" :muted="row.muted"
          :sharing="row.sharing" :note="row.state === 'connected' ? '' : row.state"></tile>
        <p v-if="rows.length === 0" class="nobody">{{ joined ? 'Nobody else is here yet' : 'You are not in the room yet' }}</p>
      </div>

      <div v-if="joined" class="row controls" role="group" aria-label="Controls of the call">
        <button type="button" :aria-pressed="muted.audio" :disabled="!hasAudio" @click="mute('audio')">{{ muted.audio ? 'Unmute' : 'Mute' }}</button>
        <button type="button" :aria-pressed="muted.video" :disabled="!hasVideo" @click="mute('video')">{{ muted.video ? 'Start the picture' : 'Stop the picture' }}</button>
        <button type="button" :aria-pressed="sharing" @click="share">{{ sharing ? 'Stop sharing' : 'Share a screen' }}</button>
        <button type="button" :disabled="state !== 'connected'" @click="drop">Drop the network</button>
        <button type="button" class="danger" @click="leave"><span lang="zh-CN">离开</span> Leave</button>
      </div>
      <dl v-if="joined" class="facts">
        <div><dt>signaling</dt><dd>{{ state }}</dd></div>
        <div><dt>over</dt><dd>{{ transport }}</dd></div>
        <div><dt>here</dt><dd>{{ rows.length + 1 }}</dd></div>
      </dl>

      <template v-if="joined">
        <div class="talk" role="log" aria-label="Chat of the call" tabindex="0" ref="talk">
          <ol>
            <li v-for="line in lines" :key="line.id" :class="line.kind">
              <template v-if="line.kind !== 'notice'"><b>{{ line.name }}</b> <time>{{ line.time }}</time></template>
              <span>{{ line.text }}</span>
            </li>
          </ol>
        </div>
        <form class="row" @submit.prevent="say">
          <label class="wide">Message, through data channels <input v-model="text" name="text" maxlength="500" autocomplete="off"
            required></label>
          <button :disabled="rows.length === 0"><span lang="zh-CN">发送</span> Send</button>
        </form>
      </template>
    </section>

    <section v-if="joined && rows.length > 0">
      <h2>What the connections are like</h2>
      <p>From <code>getStats()</code>, once a second. Drop the network above: the server is away for four seconds, and the curves do
        not notice.</p>
      <ul class="panels"><panel v-for="row in rows" :key="row.id" :row="row"></panel></ul>
    </section>

    <section v-if="log.entries.length > 0">
      <h2>What happened</h2>
      <event-log :log="log" label="Events of the room"></event-log>
    </section>`,

  data: () => ({
    roomName: decodeURIComponent(location.hash.slice(1)) || crypto.randomUUID().slice(0, 8),
    name: '',
    send: 'camera',
    joining: false,
    joined: false,
    trouble: '',
    state: '',
    transport: '',
    shown: null,
    hasAudio: false,
    hasVideo: false,
    muted: { audio: false, video: false },
    sharing: false,
    rows: [],
    lines: [],
    text: '',
    log: newLog(),
  }),

  methods: {
    async enter() {
      this.trouble = ''
      this.joining = true
      this.picture = this.send === 'test' ? testPicture(this.name) : null
      try {
        const media = this.picture ?? MEDIA[this.send]
        this.room = markRaw(await join('/signal', { room: this.roomName, name: this.name, media }))
      } catch (e) {
        this.trouble = e instanceof DeviceError ? `${e.message} Or send something else.` : e.message
        this.stopPicture()
        return
      } finally {
        this.joining = false
      }
      history.replaceState(null, '', `#${encodeURIComponent(this.roomName)}`)
      this.joined = true
      this.listen(this.room)
      this.look()
      this.timer = setInterval(this.measure, 1000)
    },

    listen(room) {
      const on = (type, handle) => room.addEventListener(type, handle)
      on('peer', ({ peer }) => this.meet(peer))
      on('peer-updated', ({ peer }) => this.refresh(peer))
      on('peer-left', ({ peer, reason }) => {
        this.rows = this.rows.filter((row) => row.id !== peer.id)
        this.notice(`${peer.name} ${reason === 'lost' ? 'is gone' : 'has left'}`)
        this.log.note('peer-left', `${peer.name}: ${reason}`)
      })
      on('state', ({ state }) => {
        this.look()
        this.log.note('state', state, state === 'connected' ? 'good' : 'bad')
      })
      on('left', ({ reason, text }) => {
        this.end()
        this.trouble = reason === 'left' ? '' : text || reason
        this.log.note('left', text || reason)
      })
      on('error', ({ error }) => this.log.note('error', error.message, 'bad'))
      this.log.note('join', `${room.name}, as ${room.me.name}`, 'good')
    },

    meet(peer) {
      // An object of the browser keeps its own state: Vue must not wrap it.
      const { id } = peer
      this.rows.push({
        ...{ id, peer: markRaw(peer), state: 'new', stream: null, pictured: false, samples: [] },
        ...{ pair: '', roundTrip: '–', size: '–' },
      })
      this.refresh(peer)
      this.notice(`${peer.name} is here`)
      this.log.note('peer', `${peer.name}, ${peer.polite ? 'who was here before' : 'who has come'}`)
      const on = (type, handle) => peer.addEventListener(type, handle)
      on('stream', () => this.refresh(peer))
      on('track', () => this.refresh(peer))
      on('state', ({ state }) => {
        this.refresh(peer)
        this.log.note('connection', `${peer.name}: ${state}`, state === 'connected' ? 'good' : state === 'failed' ? 'bad' : '')
      })
      on('connection', () => this.chat(peer))
      this.chat(peer)
    },

    /** Each connection has its own channel, and when it is made anew, the channel is too. */
    chat(peer) {
      const row = this.row(peer)
      row.channel = markRaw(peer.open('chat', CHAT))
      row.channel.addEventListener('message', ({ data }) => this.add({ kind: '', name: peer.name, text: String(data) }))
    },

    row(peer) {
      return this.rows.find(({ id }) => id === peer.id)
    },

    refresh(peer) {
      const row = this.row(peer)
      if (!row) return
      const { name, state, muted, stream, metadata } = peer
      Object.assign(row, { name, state, muted, sharing: metadata.sharing === true, stream: stream && markRaw(stream) })
      row.pictured = Boolean(stream?.getVideoTracks().length)
    },

    look() {
      const { room } = this
      this.state = room.state
      this.transport = room.transport === 'websocket' ? 'WebSocket' : 'event stream and POST'
      this.shown = markRaw(room.screen ?? room.stream)
      this.hasAudio = room.stream.getAudioTracks().length > 0
      this.hasVideo = room.stream.getVideoTracks().length > 0
      this.muted = room.muted
      this.sharing = Boolean(room.screen)
    },

    // ---- the buttons

    mute(kind) {
      this.room.mute(kind, !this.muted[kind])
      this.look()
    },

    async share() {
      try {
        if (this.room.screen) await this.room.unshare()
        else await this.watchEnd(await this.room.share())
      } catch (e) {
        this.log.note('share', e.message, 'bad')
      }
      this.look()
    },

    /** The browser has a button of its own for that. */
    watchEnd(screen) {
      screen.getVideoTracks()[0].addEventListener('ended', () => this.joined && this.look())
    },

    drop() {
      this.log.note('drop', 'the connection to the server is cut, for four seconds')
      this.room.reconnect(AWAY)
    },

    leave() {
      this.room.leave()
    },

    end() {
      clearInterval(this.timer)
      this.stopPicture()
      Object.assign(this, { joined: false, rows: [], lines: [], shown: null })
    },

    stopPicture() {
      for (const track of this.picture?.getTracks() ?? []) track.stop()
    },

    // ---- the chat

    say() {
      for (const { channel } of this.rows) if (channel.readyState === 'open') channel.send(this.text)
      this.add({ kind: 'mine', name: this.name, text: this.text })
      this.text = ''
    },

    notice(text) {
      this.add({ kind: 'notice', text })
    },

    add(line) {
      this.last = (this.last ?? 0) + 1
      this.lines.push({ ...line, id: this.last, time: new Date().toLocaleTimeString('en-GB') })
      if (this.lines.length > MAX_LINES) this.lines.shift()
      this.$nextTick(() => this.$refs.talk?.scrollTo(0, this.$refs.talk.scrollHeight))
    },

    // ---- the numbers

    async measure() {
      await Promise.all(this.rows.map((row) => this.measureOne(row)))
    },

    async measureOne(row) {
      const stats = [...(await row.peer.connection.getStats()).values()]
      const byId = new Map(stats.map((each) => [each.id, each]))
      const transport = stats.find(({ type }) => type === 'transport')
      const pair =
        byId.get(transport?.selectedCandidatePairId) ??
        stats.find(({ type, nominated, state }) => type === 'candidate-pair' && nominated && state === 'succeeded')
      if (!pair) return
      const [local, remote] = [byId.get(pair.localCandidateId), byId.get(pair.remoteCandidateId)]
      row.pair = `${kind(local)} → ${kind(remote)} · ${local?.protocol ?? ''}`
      row.roundTrip = pair.currentRoundTripTime === undefined ? '–' : `${(pair.currentRoundTripTime * 1000).toFixed(1)} ms`
      const picture = stats.find(({ type, kind }) => type === 'inbound-rtp' && kind === 'video')
      row.size = picture?.frameWidth
        ? `${picture.frameWidth} × ${picture.frameHeight}, ${Math.round(picture.framesPerSecond ?? 0)} a second`
        : 'none'
      const { timestamp, bytesReceived, bytesSent } = pair
      const before = row.before
      row.before = { id: pair.id, timestamp, bytesReceived, bytesSent }
      if (before?.id !== pair.id || timestamp <= before.timestamp) return
      const perSecond = 8000 / (timestamp - before.timestamp)
      row.samples.push({
        received: (bytesReceived - before.bytesReceived) * perSecond,
        sent: (bytesSent - before.bytesSent) * perSecond,
      })
      if (row.samples.length > SECONDS) row.samples.shift()
    },
  },

  beforeUnmount() {
    this.room?.leave()
  },
}

/** Where a candidate is, as far as the browser tells. */
function kind(candidate) {
  if (!candidate) return '?'
  const { candidateType, address, port } = candidate
  return address ? `${candidateType} ${address}:${port}` : candidateType
}
