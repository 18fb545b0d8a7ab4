// A window of the second origin that gives its result to the page that opened it, and is gone.
const config = fetch('/api/config').then((response) => response.json())

for (const button of document.querySelectorAll('button')) {
  button.addEventListener('click', async () => {
    const { embedder } = await config
    opener.postMessage({ type: 'chosen', colour: button.value }, embedder)
    close()
  })
}
