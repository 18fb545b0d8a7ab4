// Small parts that the pages share.
import { reactive } from '/vue/vue.esm-browser.prod.js'
import { tokens } from './tokens.js'

const MAX_ENTRIES = 200

/** What happened, in order. Old entries make way for new ones. */
export function newLog() {
  const begun = performance.now()
  let last = 0
  return reactive({
    entries: [],

    /** Adds an entry. The tone is 'good', 'bad' or none. */
    note(type, detail = '', tone = '') {
      const at = Math.round(performance.now() - begun)
      this.entries.push({ id: ++last, at, type, detail, tone, times: 1 })
      if (this.entries.length > MAX_ENTRIES) this.entries.shift()
    },

    /** Adds an entry, or brings the last one up to date if it is of the same type. */
    noteAgain(type, detail = '') {
      const latest = this.entries.at(-1)
      if (latest?.type === type) Object.assign(latest, { detail, times: latest.times + 1 })
      else this.note(type, detail)
    },

    clear() {
      this.entries.length = 0
    },
  })
}

export const EventLog = {
  props: { log: Object, label: String },
  template: /* html */ `
    <div class="log" role="log" :aria-label="label" tabindex="0" ref="log">
      <ol>
        <li v-for="entry in log.entries" :key="entry.id" :class="entry.tone">
          <time>{{ (entry.at / 1000).toFixed(2) }}&thinsp;s</time>
          <b>{{ entry.type }}</b><small v-if="entry.times > 1">×{{ entry.times }}</small>
          <span>{{ entry.detail }}</span>
        </li>
      </ol>
    </div>`,
  updated() {
    this.$refs.log.scrollTop = this.$refs.log.scrollHeight
  },
}

/** Two ends and the lines between them. */
export const WirePicture = {
  props: { ends: { type: Array, default: () => ['page', 'server'] }, wire: Array },
  computed: {
    lines() {
      return this.wire.map((way, i) => {
        const y = 28 + (i - (this.wire.length - 1) / 2) * 12
        const right = way !== '<' ? `m-5 -4 5 4-5 4` : ''
        const left = way !== '>' ? `M49 ${y - 4}l-5 4 5 4` : ''
        return { d: `M44 ${y}H116${right}${left}`, delay: `${i * -0.7}s`, way }
      })
    },
  },
  template: /* html */ `
    <svg class="wire" viewBox="0 0 160 56" aria-hidden="true">
      <g v-for="(end, i) in ends" :class="end">
        <rect :x="i ? 124 : 4" y="12" width="32" height="32" rx="7"></rect>
        <path v-if="end === 'page'" :d="i ? 'M124 21h32' : 'M4 21h32'"></path>
        <path v-else d="M132 23h16M132 28h16M132 33h9"></path>
      </g>
      <path v-for="line in lines" class="line" :d="line.d"></path>
    </svg>`,
}

/** Where the reading begins, from 0 to 1: behind the imports of a Java file. */
function beginning(text) {
  const lines = text.split('\n')
  return Math.max(0, lines.indexOf(lines.find((line) => line.startsWith('/**')))) / lines.length
}

/** The source files of a demo, one tab each. */
export const SourceView = {
  props: { files: Array },
  data: () => ({ selected: 0, sources: [] }),
  async created() {
    // All of them at once: then a tab opens without a flicker.
    this.sources = await Promise.all(
      this.files.map(async (file) => {
        const response = await fetch(file)
        const text = (response.ok ? await response.text() : `${file}: ${response.status}`).trimEnd()
        return { name: file.replace(/^\/((sources|demos)\/)?/, ''), tokens: tokens(text), begin: beginning(text) }
      }),
    )
    this.$nextTick(this.scrollToBeginning)
  },
  methods: {
    select(index) {
      this.selected = (index + this.sources.length) % this.sources.length
      this.$nextTick(() => {
        const tab = this.$refs.tabs.children[this.selected]
        tab.focus()
        tab.scrollIntoView({ block: 'nearest', inline: 'nearest' })
        this.scrollToBeginning()
      })
    },

    scrollToBeginning() {
      const { code } = this.$refs
      code.scrollTo(0, this.sources[this.selected].begin * code.firstElementChild.offsetHeight)
    },
  },
  template: /* html */ `
    <section class="source" aria-label="Source code">
      <div class="tabs" role="tablist" aria-label="Source files" ref="tabs">
        <button v-for="(source, i) in sources" :key="source.name" type="button" role="tab" :id="'tab-' + i"
          aria-controls="code" :aria-selected="i === selected" :tabindex="i === selected ? 0 : -1" @click="select(i)"
          @keydown.left.prevent="select(i - 1)" @keydown.right.prevent="select(i + 1)"
          @keydown.home.prevent="select(0)" @keydown.end.prevent="select(sources.length - 1)">{{ source.name }}</button>
      </div>
      <pre id="code" role="tabpanel" ref="code" tabindex="0" :aria-labelledby="'tab-' + selected"><code><span
        v-for="token in sources[selected]?.tokens" :class="token.kind">{{ token.text }}</span></code></pre>
    </section>`,
}
