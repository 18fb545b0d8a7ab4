// How the page felt to its visitor: the five web vitals, measured in the small and sent by beacon.js. What an application
// needs beyond this (pages out of the back/forward cache, prerendered ones, frames) is in the npm package `web-vitals`.
import { collect } from '/parley/beacon.js'

/** The name of this tab, which its pages share, so that they know their beacons among those of others. */
export const tab = (sessionStorage.tab ??= [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(36)).join(''))

export const beacons = collect(`/beacon/${tab}`, { delay: 1000 })

/** Up to the first number a value is good, above the second it is poor. CLS has no unit, the others are in ms. */
export const VITALS = {
  TTFB: { title: 'Time to first byte', bounds: [800, 1800] },
  FCP: { title: 'First contentful paint', bounds: [1800, 3000] },
  LCP: { title: 'Largest contentful paint', bounds: [2500, 4000] },
  CLS: { title: 'Cumulative layout shift', bounds: [0.1, 0.25] },
  INP: { title: 'Interaction to next paint', bounds: [200, 500] },
}

const [navigation] = performance.getEntriesByType('navigation')
const navigationType = navigation.type.replace('_', '-')

/** The values that were sent. */
const reported = {}

/** In the shape of the package `web-vitals`, as the server knows it: a value that has changed comes again, with the same id. */
function report(name, measured) {
  const digits = name === 'CLS' ? 4 : 1
  const value = Number(measured.toFixed(digits))
  if (value === reported[name]) return
  const delta = Number((value - (reported[name] ?? 0)).toFixed(digits))
  reported[name] = value
  const [good, poor] = VITALS[name].bounds
  const rating = value <= good ? 'good' : value <= poor ? 'needs-improvement' : 'poor'
  beacons.send({ name, value, delta, rating, id: `${beacons.page}-${name}`, navigationType })
}

function observe(type, options, each) {
  if (!PerformanceObserver.supportedEntryTypes.includes(type)) return
  new PerformanceObserver((list) => list.getEntries().forEach(each)).observe({ type, buffered: true, ...options })
}

/** What may still change: it is sent when the page is left, or put into the background. */
const last = {}

report('TTFB', navigation.responseStart)

observe('paint', {}, (entry) => {
  if (entry.name === 'first-contentful-paint') report('FCP', entry.startTime)
})

observe('largest-contentful-paint', {}, (entry) => {
  last.LCP = entry.startTime
})

// Shifts less than a second apart make a window of five seconds at most; the worst window counts.
let shift = { sum: 0, begin: 0, end: 0 }
if (PerformanceObserver.supportedEntryTypes.includes('layout-shift')) last.CLS = 0
observe('layout-shift', {}, (entry) => {
  if (entry.hadRecentInput) return // the visitor asked for it
  const at = entry.startTime
  const isNew = at - shift.end > 1000 || at - shift.begin > 5000
  shift = { sum: (isNew ? 0 : shift.sum) + entry.value, begin: isNew ? at : shift.begin, end: at }
  last.CLS = Math.max(last.CLS, shift.sum)
})

// The slowest: with fifty interactions or more one would leave out the worst of each fifty.
const slowest = (entry) => {
  if (entry.interactionId) last.INP = Math.max(last.INP ?? 0, entry.duration)
}
observe('event', { durationThreshold: 40 }, slowest)
observe('first-input', {}, slowest)

document.addEventListener('visibilitychange', () => {
  if (document.visibilityState !== 'hidden') return
  for (const [name, value] of Object.entries(last)) report(name, value)
})
