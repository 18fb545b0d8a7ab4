// Uploads that are not complete, with their files, kept by the browser (IndexedDB): who loads the page again goes on with them.

function done(request) {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result))
    request.addEventListener('error', () => reject(request.error))
  })
}

let opened = null

function database() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open('uploads', 1)
    request.addEventListener('upgradeneeded', () => request.result.createObjectStore('uploads', { autoIncrement: true }))
    done(request).then(resolve, reject)
  })
  return opened
}

async function uploads(mode) {
  return (await database()).transaction('uploads', mode).objectStore('uploads')
}

export const kept = {
  /** Keeps one, and gives the key that it is kept under. */
  async add(upload) {
    return done((await uploads('readwrite')).add(upload))
  },

  async put(key, upload) {
    await done((await uploads('readwrite')).put(upload, key))
  },

  async get(key) {
    return done((await uploads('readonly')).get(key))
  },

  async keys() {
    return done((await uploads('readonly')).getAllKeys())
  },

  async delete(key) {
    await done((await uploads('readwrite')).delete(key))
  },
}
