import { EventLog, newLog } from '../parts.js'
import Chat from './chat.js'

const STATES = ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED']

export default {
  components: { Chat, EventLog },
  template: /* html */ `
    <section>
      <h2>Log in, and see what comes back</h2>
      <p>As soon as the socket is open the page sends <code>{ type: "login", payload }</code>. Below is the payload, until the
        answer takes its place. The server reads it as a record: try an age that is no number.</p>
      <div class="payload"><output>{{ text }}</output></div>
      <form class="row" @submit.prevent="loginAgain">
        <label>user <input v-model.trim="user" name="user" maxlength="40" autocomplete="off" lang="zh-CN"></label>
        <label>age <input v-model.trim="age" name="age" maxlength="10" autocomplete="off"></label>
        <button class="primary"><span lang="zh-CN">登录</span> Log in again</button>
        <button type="button" @click="socket.close()" :disabled="state !== 'OPEN'"><span lang="zh-CN">关闭</span> Close</button>
      </form>
      <dl class="facts">
        <div><dt>url</dt><dd>{{ url }}</dd></div>
        <div><dt>readyState</dt><dd>{{ state }}</dd></div>
      </dl>
      <event-log :log="log" label="Events of the socket"></event-log>
    </section>

    <chat></chat>`,

  data: () => ({
    text: { user: '小麦', age: '23' },
    user: '小麦',
    age: '23',
    url: location.origin.replace(/^http/, 'ws') + '/api/login', // ws: beside http:, wss: beside https:
    socket: null,
    state: 'none yet',
    log: newLog(),
  }),

  mounted() {
    this.login()
  },

  methods: {
    login() {
      const socket = new WebSocket(this.url)
      this.socket = socket
      this.watch()
      // An arrow function: its `this` is the component's. In a plain function it is the socket, which has no `text`, and the
      // payload would be missing.
      socket.addEventListener('open', () => {
        // 连接建立时执行的操作
        this.watch()
        this.log.note('open', '客户端连接成功', 'good')
        socket.send(JSON.stringify({ type: 'login', payload: this.text }))
      })
      socket.addEventListener('message', (event) => {
        // 收到消息时执行的操作
        this.text = event.data
        this.log.note('message', `收到服务器端的响应 ${event.data}`)
      })
      socket.addEventListener('close', (event) => {
        // 连接关闭时执行的操作
        this.watch()
        this.log.note('close', `${event.code} ${event.reason}`)
      })
      socket.addEventListener('error', () => {
        // 连接错误时执行的操作
        this.log.note('error', 'the connection was refused, or is lost: the page is not told why', 'bad')
      })
    },

    loginAgain() {
      this.socket.close()
      this.text = { user: this.user, age: this.age }
      this.login()
    },

    watch() {
      this.state = STATES[this.socket.readyState]
    },
  },

  beforeUnmount() {
    this.socket.close()
  },
}
