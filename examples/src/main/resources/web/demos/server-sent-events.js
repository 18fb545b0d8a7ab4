import { secondOrigin } from '../config.js'

const MAX_MESSAGES = 50

export default {
  template: /* html */ `
    <section>
      <p><span lang="zh-CN">EventSource 是服务器推送的一个网络事件接口。</span> A page subscribes once; from then on the server
        speaks, and the page shows what it hears.</p>
      <div class="sse-message" ref="heard" tabindex="0" role="log" aria-labelledby="sse-title">
        <h2 id="sse-title"><span lang="zh-CN">SSE数据：</span> <span class="english">SSE data</span></h2>
        <ul>
          <li v-for="message in messages" :key="message.id">{{ message.data }}</li>
        </ul>
      </div>
      <p class="state"><output>{{ state }}</output></p>
    </section>

    <section>
      <h2>Where the events come from</h2>
      <p>The address begins with <code>localStorage.mockurl</code>, if that is set: so the same page can listen to another
        server. The other server must allow it, by its <code>OriginPolicy</code>.</p>
      <form class="row" @submit.prevent="use(mockurl)">
        <label class="wide">mockurl <input v-model.trim="mockurl" name="mockurl" :placeholder="secondOrigin" autocomplete="off"></label>
        <button class="primary">Use it</button>
      </form>
      <div class="row">
        <button type="button" @click="use(secondOrigin)">The second origin</button>
        <button type="button" @click="use('')">This origin</button>
      </div>
    </section>`,

  data: () => ({
    secondOrigin,
    mockurl: localStorage.mockurl ?? '',
    messages: [],
    state: '',
  }),

  mounted() {
    this.subscribe()
  },

  updated() {
    this.$refs.heard.scrollTop = this.$refs.heard.scrollHeight
  },

  methods: {
    subscribe() {
      const url = (localStorage.mockurl ? localStorage.mockurl : '') + '/api/message'
      const eventSource = new EventSource(url)
      this.state = `连接中 Connecting to ${url}`
      eventSource.addEventListener('open', () => {
        this.state = `已连接 Connected to ${url}`
      })
      eventSource.addEventListener('message', (event) => {
        this.messages.push({ id: event.lastEventId, data: event.data })
        if (this.messages.length > MAX_MESSAGES) this.messages.shift()
      })
      eventSource.addEventListener('error', () => {
        this.state = `连接关闭 Connection closed: ${url}`
      })
      this.eventSource = eventSource
    },

    use(mockurl) {
      localStorage.mockurl = this.mockurl = mockurl
      this.eventSource.close()
      this.messages = []
      this.subscribe()
    },
  },

  beforeUnmount() {
    this.eventSource.close()
  },
}
