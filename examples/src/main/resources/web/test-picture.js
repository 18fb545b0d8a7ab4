// A picture for those without a camera, or who would rather not: it moves, tells the time, and says whose it is.

const WIDTH = 640
const HEIGHT = 360

/** A stream of one video track. It is drawn until the track is stopped. */
export function testPicture(name) {
  const canvas = document.createElement('canvas')
  canvas.width = WIDTH
  canvas.height = HEIGHT
  const context = canvas.getContext('2d', { alpha: false })
  const hue = hueOf(name)
  draw(context, name, hue)
  const stream = canvas.captureStream(20)
  const [track] = stream.getVideoTracks()
  // Not by requestAnimationFrame, which rests while the tab is hidden.
  const timer = setInterval(() => {
    if (track.readyState === 'ended') clearInterval(timer)
    else draw(context, name, hue)
  }, 50)
  return stream
}

/** The same name has the same colour everywhere. */
export function hueOf(name) {
  return ([...name].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 9973, 7) * 137) % 360
}

function draw(context, name, hue) {
  const now = Date.now()
  const turn = now / 9000
  const sky = context.createLinearGradient(0, 0, WIDTH * (0.5 + 0.5 * Math.sin(turn)), HEIGHT)
  sky.addColorStop(0, `hsl(${hue} 45% 30%)`)
  sky.addColorStop(1, `hsl(${(hue + 50) % 360} 50% 55%)`)
  context.fillStyle = sky
  context.fillRect(0, 0, WIDTH, HEIGHT)
  for (let i = 0; i < 4; i++) {
    const phase = turn * (1 + i / 3) + i * 1.7
    context.fillStyle = `hsl(${(hue + 25 * i) % 360} 70% 80% / 0.16)`
    context.beginPath()
    context.arc(WIDTH * (0.5 + 0.4 * Math.cos(phase)), HEIGHT * (0.5 + 0.38 * Math.sin(phase * 1.3)), 70 + 22 * i, 0, 7)
    context.fill()
  }
  context.fillStyle = '#fffe'
  context.textAlign = 'center'
  context.font = '600 54px system-ui, sans-serif'
  context.fillText(name || '?', WIDTH / 2, HEIGHT / 2 - 4, WIDTH - 80)
  context.font = '26px ui-monospace, monospace'
  context.fillText(new Date(now).toLocaleTimeString('en-GB') + '.' + Math.floor((now % 1000) / 100), WIDTH / 2, HEIGHT / 2 + 44)
}
