// The embedded page, of the second origin. It talks to one origin only: the one that its own server names.
const { embedder } = await (await fetch('/api/config')).json()
const said = document.getElementById('said')
document.getElementById('origin').textContent = location.origin

addEventListener('message', (event) => {
  if (event.origin !== embedder) {
    said.textContent = `Refused a message from origin ${event.origin}`
    return
  }
  switch (event.data.type) {
    case 'greet':
      said.textContent = `${event.origin} greets as ${event.data.name}`
      event.source.postMessage({ type: 'greeting', text: `你好 Hello, ${event.data.name}` }, event.origin)
      break
    case 'channel': {
      const [port] = event.ports
      port.onmessage = ({ data }) => {
        said.textContent = `Through the channel: ${data}`
        port.postMessage(data.replace('ping', 'pong'))
      }
      break
    }
  }
})

// Last, so that nothing that answers it can be missed.
parent.postMessage({ type: 'ready' }, embedder)
