// The scripts of the guide to uploads (docs/uploads.md), as a page has them.

export function send(file, shown) {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest()
    xhr.open('PUT', `/uploads/${encodeURIComponent(file.name)}`)
    xhr.upload.addEventListener('progress', ({ loaded, total }) => shown(loaded / total))
    xhr.addEventListener('load', () => (xhr.status < 300 ? resolve(JSON.parse(xhr.responseText)) : reject(new Error(xhr.status))))
    xhr.addEventListener('error', () => reject(new Error('the connection broke')))
    xhr.send(file)
  })
}

export function watch(url, shown) {
  const source = new EventSource(url)
  for (const type of ['loadstart', 'progress', 'load', 'abort', 'error', 'timeout', 'loadend']) {
    source.addEventListener(type, ({ data }) => {
      if (!data) return // an error of the stream, not of the upload
      const progress = JSON.parse(data)
      shown(progress)
      if (type === 'loadend' && progress.phase === 'done') source.close()
    })
  }
}

export async function resumable(file, shown, done) {
  const upload = new tus.Upload(file, {
    endpoint: '/uploads',
    metadata: { filename: file.name, filetype: file.type },
    retryDelays: [0, 1000, 3000, 5000, 15000],
    removeFingerprintOnSuccess: true,
    onAfterResponse(request, response) {
      const progress = response.getHeader('Upload-Progress')
      if (progress) watch(new URL(progress, new URL('/uploads', location)), shown)
    },
    onSuccess: ({ lastResponse }) => done(JSON.parse(lastResponse.getBody())),
  })
  const [previous] = await upload.findPreviousUploads()
  if (previous) upload.resumeFromPreviousUpload(previous)
  upload.start()
}
