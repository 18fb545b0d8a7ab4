import { secondOrigin } from '../config.js'
import { EventLog, newLog } from '../parts.js'

export default {
  components: { EventLog },
  template: /* html */ `
    <section>
      <h2>A widget of another origin</h2>
      <p>It comes from <code>{{ secondOrigin }}</code>. That server names this page in <code>frame-ancestors</code>, so this
        page may embed it, and both know exactly whom they talk to.</p>
      <iframe ref="widget" title="Widget of the second origin" :src="secondOrigin + '/widget'"></iframe>
      <form class="row" @submit.prevent="greet">
        <label>Your name <input v-model="name" name="name" autocomplete="off"></label>
        <button class="primary" :disabled="!ready">Send</button>
        <button type="button" @click="openChannel" :disabled="!ready">{{ port ? 'Send through the channel' : 'Open a channel' }}</button>
        <button type="button" @click="openPopup"><span lang="zh-CN">打开</span> Open a pop-up</button>
      </form>
      <p v-if="colour" class="chosen"><i :style="{ background: colour }"></i> The pop-up chose <b>{{ colour }}</b></p>
      <event-log :log="log" label="Messages"></event-log>
    </section>

    <section>
      <h2>Those who may not</h2>
      <p>Anybody who can reach a window can post to it. A sandboxed frame, whose origin is <code>null</code>, now writes to this
        page and to the widget: both look at the sender, and refuse.</p>
      <p>A page whose server does not name this one cannot be embedded at all.</p>
      <div class="row">
        <button type="button" @click="strangers++">Let a stranger write</button>
        <button type="button" @click="embedPrivate">Embed a private page</button>
      </div>
      <iframe v-if="strangers" class="hidden" :key="strangers" sandbox="allow-scripts" title="A stranger" src="/stranger"></iframe>
      <iframe v-if="embedding" ref="private" title="A private page" :src="secondOrigin + '/private'" @load="awaitPrivate"></iframe>
    </section>`,

  data: () => ({
    secondOrigin,
    name: '小麦',
    ready: false,
    port: null,
    sent: 0,
    colour: '',
    strangers: 0,
    embedding: false,
    log: newLog(),
  }),

  mounted() {
    addEventListener('message', this.receive)
  },

  methods: {
    receive(event) {
      const from = this.trusted(event)
      if (!from) {
        this.log.note('refused', `a message from origin ${event.origin}`, 'bad')
        return
      }
      switch (event.data.type) {
        case 'ready':
          if (from === 'widget') this.ready = true
          else clearTimeout(this.patience)
          this.log.note(from, 'is ready', 'good')
          break
        case 'greeting':
          this.log.note(from, event.data.text)
          break
        case 'chosen':
          this.colour = event.data.colour
          this.log.note(from, `chose ${event.data.colour}`, 'good')
          break
      }
    },

    /** Who sent it: both the origin and the window have to be right. */
    trusted(event) {
      if (event.origin !== secondOrigin) return null
      if (event.source === this.$refs.widget.contentWindow) return 'widget'
      if (event.source === this.popup) return 'pop-up'
      if (event.source === this.$refs.private?.contentWindow) return 'private page'
      return null
    },

    greet() {
      // The exact target origin: should the frame have gone elsewhere, the browser drops the message.
      this.$refs.widget.contentWindow.postMessage({ type: 'greet', name: this.name }, secondOrigin)
      this.log.note('sent', `greet ${this.name}`)
    },

    openChannel() {
      if (!this.port) {
        const { port1, port2 } = new MessageChannel()
        port1.onmessage = (event) => this.log.note('channel', event.data)
        // From here on the two ends are private: no origin to check, because nobody else holds a port.
        this.$refs.widget.contentWindow.postMessage({ type: 'channel' }, secondOrigin, [port2])
        this.port = port1
      }
      this.port.postMessage(`ping ${++this.sent}`)
    },

    openPopup() {
      this.popup = open(`${secondOrigin}/popup`, 'parley-popup', 'popup,width=380,height=300')
    },

    embedPrivate() {
      this.embedding = true
    },

    awaitPrivate() {
      // A frame fires `load` whether or not its page was shown: only a page that is there can say that it is ready.
      this.patience = setTimeout(() => {
        this.log.note('refused', 'the browser does not show the private page here: frame-ancestors', 'bad')
      }, 500)
    },
  },

  beforeUnmount() {
    removeEventListener('message', this.receive)
    clearTimeout(this.patience)
  },
}
