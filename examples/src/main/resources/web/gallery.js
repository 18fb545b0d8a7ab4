// The frame around every demo: navigation, the list of demos, and the sources beside the demo that is running.
import { createApp, defineAsyncComponent } from '/vue/vue.esm-browser.prod.js'
import { demos } from './catalogue.js'
import { SourceView, WirePicture } from './parts.js'
import './vitals.js' // which every page measures and sends: see the Beacon demo

const Overview = {
  components: { WirePicture },
  data: () => ({ demos }),
  template: /* html */ `
    <header class="hero">
      <h1><span lang="zh-CN">数据通信 API</span> <span class="english">Every way a page talks to a server</span></h1>
      <p>Each demo runs on one small Java server, here on your machine, and shows the source that makes it work.
        Press its buttons, read its code, take it with you.</p>
    </header>
    <ol class="demos">
      <li v-for="demo in demos" :key="demo.id">
        <wire-picture :ends="demo.ends" :wire="demo.wire"></wire-picture>
        <h2>
          <a :href="'/' + demo.id">{{ demo.title }}</a>
        </h2>
        <p>{{ demo.summary }}</p>
      </li>
    </ol>`,
}

const DemoPage = {
  components: { SourceView },
  props: { demo: Object },
  computed: {
    running() {
      return defineAsyncComponent(() => import(`./demos/${this.demo.id}.js`))
    },
  },
  template: /* html */ `
    <header class="hero small">
      <h1>{{ demo.title }}</h1>
      <p>{{ demo.summary }}</p>
    </header>
    <div class="beside">
      <div class="running"><component :is="running"></component></div>
      <source-view :files="demo.files"></source-view>
    </div>`,
}

const Gallery = {
  components: { DemoPage, Overview },
  data: () => ({
    demos,
    demo: demos.find((demo) => location.pathname === '/' + demo.id),
    // An origin is a name: 127.0.0.1 is another one than localhost, even if both are this machine.
    alias: location.hostname === 'localhost' ? null : `http://localhost:${location.port}${location.pathname}`,
  }),
  created() {
    document.title = this.demo ? `${this.demo.title} · Parley gallery` : 'Parley gallery'
  },
  mounted() {
    // On a narrow screen the row of links scrolls: begin where the reader is.
    const here = this.$refs.nav.querySelector('[aria-current]')
    if (here) this.$refs.nav.scrollLeft = here.offsetLeft - 16
  },
  template: /* html */ `
    <a class="skip" href="#main">Skip to the demo</a>
    <div class="bar">
      <a class="brand" href="/" :aria-current="demo ? null : 'page'"><img src="/favicon.svg" alt="" width="24" height="24">Parley</a>
      <nav ref="nav" aria-label="Demos">
        <a v-for="each in demos" :key="each.id" :href="'/' + each.id"
          :aria-current="each === demo ? 'page' : null">{{ each.title }}</a>
      </nav>
    </div>
    <p v-if="alias" class="note">The second origin knows this gallery as <a :href="alias">{{ alias }}</a>. Under any other name
      it takes this page for a stranger, and refuses it.</p>
    <main id="main" tabindex="-1">
      <demo-page v-if="demo" :demo="demo"></demo-page>
      <overview v-else></overview>
    </main>
    <footer>No request of this page leaves your machine.</footer>`,
}

createApp(Gallery).mount('#gallery')
