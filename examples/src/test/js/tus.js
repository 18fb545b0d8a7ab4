// What the client of npm's "tus-js-client" does with a server of Parley: node tus.js SCENARIO URL. Exit status 0 says that all was as it
// should be. Each upload that is complete is answered with its SHA-256, as the server has stored it.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { FileUrlStorage, Upload } from 'tus-js-client';

const MEBIBYTE = 1024 * 1024;
const [scenario, endpoint] = process.argv.slice(2);

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** An upload that tells what became of it. */
function upload(file, options = {}) {
  const told = { progress: [], chunks: [] };
  let again;
  const next = () => (told.end = new Promise((resolve, reject) => Object.assign((again = {}), { resolve, reject })));
  next();
  told.upload = new Upload(file, {
    endpoint,
    retryDelays: null,
    metadata: { filename: '小麦.bin', filetype: 'application/octet-stream' },
    onProgress: (sent, total) => told.progress.push([sent, total]),
    onChunkComplete: (size, stored, total) => told.chunks.push([size, stored, total]),
    onSuccess: ({ lastResponse }) => again.resolve(lastResponse),
    onError: (error) => again.reject(error),
    ...options,
  });
  told.start = () => {
    next();
    told.upload.start();
    return told.end;
  };
  return told;
}

/** Where a client remembers uploads, so that another one can go on with them. */
async function withStorage(action) {
  const directory = await mkdtemp(join(tmpdir(), 'parley-tus-'));
  try {
    await action(new FileUrlStorage(join(directory, 'urls.json')));
  } finally {
    await rm(directory, { recursive: true });
  }
}

function assertStored(response, bytes) {
  assert.deepEqual(JSON.parse(response.getBody()), { sha256: sha256(bytes), bytes: bytes.length });
}

/** Asks for the answer again, as a client that has lost it does: by a request that adds nothing. */
async function assertKept(url, bytes) {
  const again = await fetch(url, {
    method: 'PATCH',
    headers: { 'Tus-Resumable': '1.0.0', 'Upload-Offset': `${bytes.length}`, 'Content-Type': 'application/offset+octet-stream' },
  });
  assert.deepEqual(await again.json(), { sha256: sha256(bytes), bytes: bytes.length });
}

async function head(url, more = {}) {
  return fetch(url, { method: 'HEAD', headers: { 'Tus-Resumable': '1.0.0', ...more } });
}

const scenarios = {
  async create() {
    for (const size of [0, 1, 65_536, 5 * MEBIBYTE]) {
      const bytes = randomBytes(size);
      const told = upload(bytes);
      assertStored(await told.start(), bytes);
      if (size > 0) assert.deepEqual(told.chunks.at(-1), [size, size, size]);
      await assertKept(told.upload.url, bytes);
      assert.equal((await head(told.upload.url)).headers.get('Upload-Offset'), `${size}`);
    }
  },

  async chunks() {
    const bytes = randomBytes(3 * MEBIBYTE + 17);
    const told = upload(bytes, { chunkSize: MEBIBYTE });
    assertStored(await told.start(), bytes);
    assert.deepEqual(
      told.chunks.map(([, stored]) => stored),
      [MEBIBYTE, 2 * MEBIBYTE, 3 * MEBIBYTE, bytes.length],
    );
  },

  async withCreation() {
    const bytes = randomBytes(MEBIBYTE);
    const requests = [];
    const told = upload(bytes, { uploadDataDuringCreation: true, onBeforeRequest: (request) => requests.push(request.getMethod()) });
    assertStored(await told.start(), bytes);
    assert.deepEqual(requests, ['POST']);
  },

  /** Stops in the middle; another client, that knows the same storage, goes on. */
  async resume() {
    await withStorage(async (urlStorage) => {
      const bytes = randomBytes(8 * MEBIBYTE);
      const fingerprint = async () => 'the same file';
      const first = upload(bytes, { urlStorage, fingerprint, chunkSize: MEBIBYTE });
      await new Promise((resolve, reject) => {
        first.upload.options.onChunkComplete = (size, stored) => stored === 3 * MEBIBYTE && resolve(first.upload.abort());
        first.start().catch(reject);
      });
      const stored = Number((await head(first.upload.url)).headers.get('Upload-Offset'));
      assert.ok(stored >= 3 * MEBIBYTE && stored < bytes.length, `${stored}`);

      const second = upload(bytes, { urlStorage, fingerprint });
      const [previous, ...others] = await second.upload.findPreviousUploads();
      assert.deepEqual(others, []);
      assert.equal(previous.uploadUrl, first.upload.url);
      second.upload.resumeFromPreviousUpload(previous);
      assertStored(await second.start(), bytes);

      assert.equal(second.upload.url, first.upload.url);
      assert.ok(second.progress[0][0] >= stored, 'what is stored is not sent again');
    });
  },

  /** Aborts in the middle of a request, some times. */
  async abort() {
    const bytes = randomBytes(16 * MEBIBYTE);
    let uploadUrl = null;
    for (const share of [0.2, 0.5, 0.8]) {
      const told = upload(bytes, { uploadUrl });
      await new Promise((resolve, reject) => {
        told.upload.options.onProgress = (sent) => sent > share * bytes.length && resolve(told.upload.abort());
        told.start().catch(reject);
      });
      assert.ok(uploadUrl === null || uploadUrl === told.upload.url);
      uploadUrl = told.upload.url;
    }
    await upload(bytes, { uploadUrl }).start();
    await assertKept(uploadUrl, bytes);
  },

  async parallel() {
    const bytes = randomBytes(4 * MEBIBYTE + 3);
    const requests = [];
    const told = upload(bytes, {
      parallelUploads: 4,
      onBeforeRequest: (request) => requests.push([request.getMethod(), request.getHeader('Upload-Concat')]),
    });
    const response = await told.start();
    assertStored(response, bytes);
    assert.equal(requests.filter(([method, concat]) => method === 'POST' && concat === 'partial').length, 4);
    assert.equal(requests.filter(([, concat]) => concat?.startsWith('final;')).length, 1);
  },

  async terminate() {
    const bytes = randomBytes(4 * MEBIBYTE);
    const told = upload(bytes, { chunkSize: MEBIBYTE });
    await new Promise((resolve, reject) => {
      told.upload.options.onChunkComplete = () => resolve(told.upload.abort(true));
      told.start().catch(reject);
    });
    assert.equal((await head(told.upload.url)).status, 404);
  },

  async deferredLength() {
    const bytes = randomBytes(2 * MEBIBYTE + 5);
    const pieces = Array.from({ length: 21 }, (_, i) => bytes.subarray(i * 100_000, (i + 1) * 100_000));
    const told = upload(Readable.from(pieces), { uploadLengthDeferred: true, chunkSize: 500_000 });
    assertStored(await told.start(), bytes);
    assert.equal((await head(told.upload.url)).headers.get('Upload-Length'), `${bytes.length}`);
  },

  async overridePatch() {
    const bytes = randomBytes(3 * MEBIBYTE);
    const methods = [];
    const told = upload(bytes, {
      overridePatchMethod: true,
      chunkSize: MEBIBYTE,
      onBeforeRequest: (request) => methods.push(`${request.getMethod()} ${request.getHeader('X-HTTP-Method-Override') ?? ''}`.trim()),
    });
    assertStored(await told.start(), bytes);
    assert.deepEqual(methods, ['POST', ...Array(3).fill('POST PATCH')]);
  },

  async draft03() {
    await draft('ietf-draft-03');
  },

  async draft05() {
    await draft('ietf-draft-05');
  },
};

async function draft(protocol) {
  const bytes = randomBytes(4 * MEBIBYTE + 1);
  const whole = upload(bytes, { protocol });
  assertStored(await whole.start(), bytes);

  const cut = upload(bytes, { protocol, chunkSize: MEBIBYTE });
  await new Promise((resolve, reject) => {
    cut.upload.options.onChunkComplete = (size, stored) => stored === 2 * MEBIBYTE && resolve(cut.upload.abort());
    cut.start().catch(reject);
  });
  assertStored(await cut.start(), bytes);

  const given = upload(bytes, { protocol, chunkSize: MEBIBYTE });
  await new Promise((resolve, reject) => {
    given.upload.options.onChunkComplete = () => resolve(given.upload.abort(true));
    given.start().catch(reject);
  });
  assert.equal((await head(given.upload.url)).status, 404);
}

await scenarios[scenario]();
