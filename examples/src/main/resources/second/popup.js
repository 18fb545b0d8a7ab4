// A window of the second origin that gives its result to the page that opened it, and is gone.
const { embedder } = await (await fetch('/api/config')).json()

for (const button of document.querySelectorAll('button')) {
  button.addEventListener('click', () => {
    opener.postMessage({ type: 'chosen', colour: button.value }, embedder)
    close()
  })
}
