import { getMedia } from '/parley/signaling.js'
import { EventLog, newLog } from '../parts.js'
import { testPicture } from '../test-picture.js'
import Call from './call.js'

export default {
  components: { Call, EventLog },
  template: /* html */ `
    <section>
      <h2>Two connections in one page</h2>
      <p>Both ends are here, and hand each other what a server would pass on: descriptions and candidates. What you see on the
        right came through a real connection.</p>
      <div class="content-holder">
        <video autoplay playsinline muted ref="videoA" aria-label="The local picture"></video>
        <video autoplay playsinline muted ref="videoB" aria-label="The remote picture"></video>
      </div>
      <div class="row">
        <button type="button" :class="{ primary: !opened }" @click="initVideo"><span lang="zh-CN">打开</span> Open</button>
        <button type="button" :class="{ primary: opened && !called }" :disabled="!opened" @click="call"><span
          lang="zh-CN">呼叫</span> Call</button>
        <label class="check"><input type="checkbox" v-model="test"> with a test picture in place of a camera</label>
      </div>
      <dl class="facts numbers">
        <div><dt>remote size</dt><dd>{{ size }}</dd></div>
        <div><dt>set-up time</dt><dd>{{ setUp }}</dd></div>
      </dl>
      <event-log :log="log" label="Events of the two connections"></event-log>
    </section>

    <call></call>`,

  data: () => ({ opened: false, called: false, test: false, size: '–', setUp: '–', log: newLog() }),

  mounted() {
    const remote = this.$refs.videoB
    remote.addEventListener('resize', () => {
      this.size = `${remote.videoWidth} × ${remote.videoHeight}`
      this.say(
        `Remote video size changed to ${remote.videoWidth}x${remote.videoHeight} - Time since pageload ${performance.now().toFixed(0)}ms`,
      )
      if (!this.startTime) return
      this.setUp = `${(performance.now() - this.startTime).toFixed(0)} ms`
      this.say(`Setup time: ${(performance.now() - this.startTime).toFixed(3)}ms`, 'good')
      this.startTime = null
    })
  },

  methods: {
    say(text, tone) {
      this.log.note('', text, tone)
    },

    async initVideo() {
      this.stop()
      try {
        this.localStream = this.test ? testPicture('pc1') : await getMedia({ video: true, audio: true })
      } catch (e) {
        this.say(`错误信息：${e.message}`, 'bad')
        return
      }
      // Both pictures are muted, or the sound would go round in circles.
      this.$refs.videoA.srcObject = this.localStream
      this.opened = true
      this.called = false
      this.say('Received local stream')
    },

    async call() {
      this.hangUp()
      this.called = true
      this.startTime = performance.now()
      const [pc1, pc2] = [new RTCPeerConnection(), new RTCPeerConnection()]
      Object.assign(this, { pc1, pc2 })
      for (const [pc, other] of [[pc1, pc2], [pc2, pc1]]) {
        // 添加 onIceCandidate 监听
        pc.addEventListener('icecandidate', ({ candidate }) => this.addCandidate(other, candidate))
        pc.addEventListener('iceconnectionstatechange', () => {
          this.say(`${this.getName(pc)} ICE state: ${pc.iceConnectionState}`, pc.iceConnectionState === 'connected' ? 'good' : '')
        })
      }
      pc2.addEventListener('track', ({ streams }) => {
        if (this.$refs.videoB.srcObject === streams[0]) return
        this.$refs.videoB.srcObject = streams[0]
        this.say('pc2 received remote stream')
      })
      for (const track of this.localStream.getTracks()) pc1.addTrack(track, this.localStream)
      this.say('Added local stream to pc1')
      try {
        this.say('pc1 createOffer start')
        const offer = await pc1.createOffer()
        await this.describe(pc1, 'setLocalDescription', offer)
        await this.describe(pc2, 'setRemoteDescription', offer)
        this.say('pc2 createAnswer start')
        const answer = await pc2.createAnswer()
        await this.describe(pc2, 'setLocalDescription', answer)
        await this.describe(pc1, 'setRemoteDescription', answer)
      } catch (e) {
        this.say(`设置 session description 错误: ${e}`, 'bad')
      }
    },

    async describe(pc, method, description) {
      this.say(`${this.getName(pc)} ${method} start`)
      await pc[method](description)
      this.say(`${this.getName(pc)} ${method} complete`)
    },

    async addCandidate(pc, candidate) {
      try {
        await pc.addIceCandidate(candidate)
        this.say(`${this.getName(pc)} addIceCandidate success`)
      } catch (e) {
        this.say(`${this.getName(pc)} failed to add ICE Candidate: ${e}`, 'bad')
      }
    },

    getName(pc) {
      return pc === this.pc1 ? 'pc1' : 'pc2'
    },

    hangUp() {
      this.pc1?.close()
      this.pc2?.close()
    },

    stop() {
      this.hangUp()
      for (const track of this.localStream?.getTracks() ?? []) track.stop()
    },
  },

  beforeUnmount() {
    this.stop()
  },
}
